"use strict";

// What an opened utterance shows: alignment, list, words, what each run did.

const SYMBOLS = { S: "s", D: "d", I: "i", "=": "" };

/** A word of an alignment; errors have a letter beside their colour. */
function cell(op, word) {
  const box = make("span", `cell ${SYMBOLS[op] ?? ""}`, isolated(word ?? "∅"));
  if (op === "D") box.title = "missing";
  return box;
}

/**
 * The columns of several alignments with one reference: one for each word of the reference,
 * and before, between and behind them as many as any system inserts there.
 */
function columns(reference, systems) {
  const said = wordsOf(compared(reference));
  const slots = Array.from({ length: said.length + 1 }, () => systems.map(() => []));
  const written = said.map(() => systems.map(() => ({ op: "D", word: null })));
  systems.forEach((system, number) => {
    let place = 0;
    for (const step of steps(compared(reference), compared(system.written), system.written.ops)) {
      if (step.op === "I") {
        slots[place][number].push(step.to);
      } else if (place < said.length) {
        written[place++][number] = { op: step.op, word: step.to };
      }
    }
  });
  const all = [];
  for (let place = 0; place <= said.length; place++) {
    const wide = Math.max(0, ...slots[place].map((words) => words.length));
    for (let i = 0; i < wide; i++) {
      all.push({ said: null, cells: slots[place].map((words) => (i < words.length ? { op: "I", word: words[i] } : null)) });
    }
    if (place < said.length) all.push({ said: said[place], cells: written[place] });
  }
  return all;
}

/** Reference and systems word by word, in lines that wrap together. */
function alignment(entry, systems) {
  const box = make("div", "alignment");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Word alignment");
  const names = make("div", "names", make("span", "", "reference"));
  for (const { name, written } of systems) {
    names.append(make("span", "", isolated(name), make("b", "", String(errorsOf(written) ?? ""))));
  }
  const line = make("div", "columns");
  line.dir = isRightToLeft(compared(entry.reference)) ? "rtl" : "ltr";
  for (const column of columns(entry.reference, systems)) {
    const stack = make("div", "column", column.said === null ? make("span", "cell gap", "·") : cell("=", column.said));
    for (const one of column.cells) stack.append(one === null ? make("span", "cell gap", "·") : cell(one.op, one.word));
    line.append(stack);
  }
  box.append(names, line);
  return box;
}

/** What was changed in the 1-best, as one line: words taken out struck, words put in underlined. */
function changes(entry, answer) {
  const line = make("span", "text");
  line.dir = "auto";
  if (!answer?.written) {
    line.append(visible(entry.one_best.text));
    return line;
  }
  // Words of one kind stand together: neighbours read as one phrase.
  let words = [];
  let kind = "=";
  const out = [];
  const flush = () => {
    if (words.length > 0) out.push(kind === "=" ? visible(words.join(" ")) : make(kind, "", visible(words.join(" "))));
    words = [];
  };
  const put = (next, word) => {
    if (next !== kind) flush();
    kind = next;
    words.push(word);
  };
  let inserted = [];
  const putInserted = () => {
    for (const word of inserted) put("ins", word);
    inserted = [];
  };
  for (const step of steps(entry.one_best.text, answer.written.text, answer.changes ?? "")) {
    if (step.op === "=") putInserted();
    if (step.from !== null) put(step.op === "=" ? "=" : "del", step.from);
    if (step.op !== "=" && step.to !== null) inserted.push(step.to);
  }
  putInserted();
  flush();
  out.forEach((part, number) => line.append(...(number > 0 ? [" ", part] : [part])));
  return line;
}

/** The list as recognised. */
function hypotheses(entry) {
  const table = make("table", "hypotheses");
  const head = table.createTHead().insertRow();
  for (const name of ["rank", "score", "times", "hypothesis"]) {
    const header = make("th", name === "hypothesis" ? "" : "number", name);
    header.scope = "col";
    head.append(header);
  }
  const body = table.createTBody();
  for (const one of entry.hypotheses ?? []) {
    const row = body.insertRow();
    row.append(
      make("td", "number", String(one.rank + 1)),
      make("td", "number", typeof one.score === "number" ? one.score.toFixed(3) : "–"),
      make("td", "number", String(one.count ?? 1)),
      make("td", "", isolated(one.text)),
    );
  }
  return table;
}

/** Words with their confidence. */
function confidences(text, values) {
  const words = wordsOf(text);
  const line = make("div", "confidences");
  line.dir = isRightToLeft(text) ? "rtl" : "ltr";
  values.forEach((value, number) => {
    if (typeof value !== "number") return;
    const meter = document.createElement("meter");
    meter.value = value;
    meter.setAttribute("aria-hidden", "true");
    const low = value < 0.5 ? "low" : "";
    line.append(make("span", `confidence ${low}`, isolated(words[number] ?? ""), meter, make("small", "", value.toFixed(2))));
  });
  return line;
}

/** What one run did: verdict, reason, costs, what the model wrote. */
function record(entry, answer, name) {
  const title = make("p", "verdict-line", isolated(name, "strong"), make("span", `chip ${answer.verdict}`, answer.verdict));
  if (answer.reason) title.append(isolated(answer.reason, "reason"));
  const costs = [];
  if (answer.tokens > 0) costs.push(`${grouped(answer.tokens)} tokens`);
  if (typeof answer.milliseconds === "number") costs.push(`${Math.round(answer.milliseconds)} ms`);
  if (costs.length > 0) title.append(make("span", "quiet", costs.join(", ")));
  const box = make("div", "record", title);
  if (answer.written) box.append(make("p", "changed", changes(entry, answer)));
  if (answer.raw && answer.raw !== (answer.written ?? entry.one_best).text) {
    const raw = make("pre", "raw", visible(answer.raw));
    raw.dir = "auto";
    box.append(make("p", "quiet small", "the model wrote"), raw);
  }
  if (answer.confidences) box.append(confidences((answer.written ?? entry.one_best).text, answer.confidences));
  return box;
}

/** A recording beside the page; an address elsewhere is only named. */
function recording(entry) {
  const path = entry.audio;
  const box = make("div", "recording");
  const isElsewhere = /^[a-z][a-z0-9+.-]*:/i.test(path) || /^[\\/]{2}/.test(path) || /[\u0000-\u001f]/.test(path);
  if (!isElsewhere) {
    const player = document.createElement("audio");
    player.controls = true;
    player.preload = "none";
    // A part of a recording: the fragment of Media Fragments 1.0.
    const part = entry.span ? `#t=${entry.span.start_ms / 1000},${entry.span.end_ms / 1000}` : "";
    player.src = path.split("/").map(encodeURIComponent).join("/") + part;
    box.append(player);
  }
  box.append(isolated(path, "quiet"));
  return box;
}

/** All of an utterance. */
function detail(entry, methods, methodOf) {
  const box = make("div", "detail");
  const answers = (entry.answers ?? []).filter((answer) => methodOf(answer) !== undefined);
  const named = answers.map((answer) => ({ name: methods[methodOf(answer)], written: answer.written ?? entry.one_best, answer }));
  if (entry.reference && entry.one_best.ops !== undefined) {
    const compared = named.filter(({ written }) => written.ops !== undefined);
    box.append(alignment(entry, [{ name: "1-best", written: entry.one_best }, ...compared]));
  } else {
    box.append(make("p", "none", "No reference: there is nothing to align with."));
  }
  if (entry.reference?.words !== undefined) box.append(make("p", "as-written", make("span", "quiet", "reference as written "), isolated(entry.reference.text)));
  for (const { name, answer } of named) box.append(record(entry, answer, name));
  if ((entry.hypotheses ?? []).length > 0) box.append(hypotheses(entry));
  if (entry.audio) box.append(recording(entry));
  return box;
}
