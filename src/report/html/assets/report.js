"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const known = JSON.parse(byId("known").textContent);
  const entries = [];
  for (const block of document.querySelectorAll("script.entries")) {
    for (const entry of JSON.parse(block.textContent)) entries.push(entry);
    block.remove();
  }
  const methodOf = (answer) => known.runs[answer.run];

  // ---- What is shown of one utterance for the chosen method.

  const SHOWN = [
    ["all", "all", () => true],
    ["changed", "changed", (view) => view.answer?.written !== undefined],
    ["better", "better", (view) => view.difference < 0],
    ["worse", "worse", (view) => view.difference > 0],
    ["same", "same", (view) => view.answer?.written !== undefined && view.difference === 0],
    ["failed", "failed", (view) => view.answer?.verdict === "failed"],
  ];
  const least = (a, b) => (a ?? Infinity) - (b ?? Infinity) || 0;
  const SORTED = [
    ["file", "file order", null],
    ["best", "most improved", (a, b) => least(a.difference, b.difference)],
    ["worst", "most worsened", (a, b) => least(-(a.difference ?? -Infinity), -(b.difference ?? -Infinity))],
    ["errors", "most errors", (a, b) => least(-(a.errors ?? -Infinity), -(b.errors ?? -Infinity))],
    ["confidence", "least confident", (a, b) => least(a.confidence, b.confidence)],
  ];

  /** Errors and confidence of an utterance under a method. */
  function viewOf(entry, place, method) {
    const answer = (entry.answers ?? []).find((one) => methodOf(one) === method);
    const before = errorsOf(entry.one_best);
    const errors = answer?.written ? errorsOf(answer.written) : before;
    const values = (answer?.confidences ?? []).filter((value) => typeof value === "number");
    const confidence = values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
    return { entry, place, answer, before, errors, difference: before === null ? null : errors - before, confidence };
  }

  /** What the search looks at, made when an entry is first searched. */
  const haystacks = new Array(entries.length);
  function haystack(place) {
    if (haystacks[place] === undefined) {
      const entry = entries[place];
      const texts = [entry.id, entry.group, entry.reference?.text, entry.one_best.text];
      for (const heard of entry.hypotheses ?? []) texts.push(heard.text);
      for (const answer of entry.answers ?? []) texts.push(answer.written?.text, answer.raw, answer.reason);
      haystacks[place] = folded(texts.filter((text) => text).join("\n"));
    }
    return haystacks[place];
  }
  const folded = (text) => text.normalize("NFC").toLowerCase();

  // ---- The state: all of it stands in the address.

  const START = { part: "overview", show: "all", q: "", method: "0", data: "", group: "", sort: "file" };
  // The first method that is not the 1-best is the one to look at.
  START.method = String(Math.max(0, known.methods.findIndex((name, number) => name !== "1best" && known.runs.includes(number))));
  let state = { ...START };

  function read() {
    let given = new URLSearchParams();
    try {
      given = new URLSearchParams(location.hash.slice(1));
    } catch { /* A broken address is the start page. */ }
    state = { ...START };
    for (const name of Object.keys(START)) if (given.has(name)) state[name] = given.get(name);
    if (!PARTS.includes(state.part)) state.part = START.part;
    if (!SHOWN.some(([name]) => name === state.show)) state.show = START.show;
    if (!SORTED.some(([name]) => name === state.sort)) state.sort = START.sort;
    if (!/^\d+$/.test(state.method) || known.methods[state.method] === undefined) state.method = START.method;
  }

  function write() {
    const said = new URLSearchParams();
    for (const [name, value] of Object.entries(state)) if (value !== START[name] || name === "part") said.set(name, value);
    try {
      history.replaceState(null, "", `#${said}`);
    } catch { /* Some browsers refuse that for files. */ }
    for (const link of document.querySelectorAll("nav a")) {
      said.set("part", new URLSearchParams(link.hash.slice(1)).get("part"));
      link.hash = String(said);
    }
  }

  // ---- The list.

  /** The closed row of an utterance. */
  function draw(view) {
    const { entry, answer, before, errors, difference } = view;
    let kind = "kept";
    let mark = "·";
    if (answer?.verdict === "failed") [kind, mark] = ["failed", "!"];
    else if (difference < 0) [kind, mark] = ["better", signed(difference)];
    else if (difference > 0) [kind, mark] = ["worse", signed(difference)];
    else if (answer?.written) [kind, mark] = ["same", "±0"];
    const numbers = before === null ? "" : before === errors ? String(errors) : `${before} → ${errors}`;
    const delta = make("span", `delta ${kind}`, mark);
    delta.title = kind;
    const button = make("button", "line", delta, make("span", "errors", numbers), isolated(entry.id, "id"), changes(entry, answer));
    button.append(make("span", "mean", view.confidence === null ? "" : view.confidence.toFixed(2)));
    return button;
  }

  const views = new Map();
  const list = new List(
    byId("list"),
    byId("rows"),
    (entry) => draw(views.get(entry)),
    (entry) => detail(entry, known.methods, methodOf),
  );
  const choices = new Map();
  let shownMethod = null;
  let matching = [];

  function apply() {
    if (shownMethod !== state.method) {
      shownMethod = state.method;
      entries.forEach((entry, place) => views.set(entry, viewOf(entry, place, Number(state.method))));
    }
    const wanted = folded(state.q);
    const counts = new Map(SHOWN.map(([name]) => [name, 0]));
    const isShown = SHOWN.find(([name]) => name === state.show)[2];
    const found = [];
    for (const view of views.values()) {
      if (state.data !== "" && view.entry.data !== state.data) continue;
      if (state.group !== "" && view.entry.group !== state.group) continue;
      if (wanted !== "" && !haystack(view.place).includes(wanted)) continue;
      for (const [name, , test] of SHOWN) if (test(view)) counts.set(name, counts.get(name) + 1);
      if (isShown(view)) found.push(view);
    }
    const order = SORTED.find(([name]) => name === state.sort)[2];
    if (order) found.sort((a, b) => order(a, b) || a.place - b.place);
    for (const [name, { count }] of choices) count.textContent = grouped(counts.get(name));
    byId("count").textContent = `${grouped(found.length)} of ${grouped(entries.length)}`;
    byId("nothing").hidden = found.length > 0;
    byId("nothing").textContent = entries.length === 0 ? "This report holds no utterances." : "No utterance matches.";
    byId("list").hidden = found.length === 0;
    matching = found;
    list.show(found.map((view) => view.entry));
    performance.mark("list-shown");
  }

  // ---- Controls.

  function fill(select, options, name) {
    for (const [value, text] of options) {
      const option = make("option", "", visible(text));
      option.value = value;
      select.append(option);
    }
    select.addEventListener("change", () => {
      state[name] = select.value;
      changed();
    });
  }

  function controls() {
    for (const [name, text] of SHOWN) {
      const button = document.createElement("input");
      button.type = "radio";
      button.name = "show";
      button.value = name;
      const count = make("b", "");
      byId("show").append(make("label", name, button, make("span", "", text, " ", count)));
      choices.set(name, { button, count });
      button.addEventListener("change", () => {
        state.show = name;
        changed();
      });
    }
    const distinct = (values) => [...new Set(values.filter((value) => value))];
    const used = known.methods.map((name, number) => [String(number), name]).filter(([number]) => known.runs.includes(Number(number)));
    fill(byId("method"), used, "method");
    const data = distinct(entries.map((entry) => entry.data));
    fill(byId("data"), [["", "all"], ...data.map((name) => [name, name])], "data");
    const groups = distinct(entries.map((entry) => entry.group)).sort();
    fill(byId("group"), [["", "all"], ...groups.map((name) => [name, name])], "group");
    fill(byId("sort"), SORTED, "sort");
    byId("method").parentElement.hidden = used.length < 2;
    byId("data").parentElement.hidden = data.length < 2;
    byId("group").parentElement.hidden = groups.length < 2;
    let waiting = 0;
    byId("search").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        state.q = byId("search").value;
        changed();
      }, 90);
    });
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  function changed() {
    write();
    apply();
  }

  /** Sets the controls to the state. */
  function show() {
    for (const [name, { button }] of choices) button.checked = name === state.show;
    byId("search").value = state.q;
    for (const name of ["method", "data", "group", "sort"]) {
      byId(name).value = state[name];
      // A value that this report does not have.
      if (byId(name).value !== state[name] && name !== "method") state[name] = byId(name).value = START[name];
    }
    part();
    write();
    apply();
  }

  // ---- Parts of the report.

  const PARTS = ["overview", "plots", "confusions", "utterances"];
  function part() {
    for (const name of PARTS) byId(name).classList.toggle("away", name !== state.part);
    document.body.classList.toggle("has-list", state.part === "utterances");
    for (const link of document.querySelectorAll("nav a")) {
      const isHere = new URLSearchParams(link.hash.slice(1)).get("part") === state.part;
      if (isHere) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  function go(name) {
    state.part = name;
    part();
    write();
    list.update();
    window.scrollTo(0, 0);
  }

  for (const link of document.querySelectorAll("nav a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      go(new URLSearchParams(link.hash.slice(1)).get("part"));
    });
  }

  // ---- Light and dark.

  const root = document.documentElement;
  function stored() {
    try {
      return localStorage.getItem("gec-theme");
    } catch {
      return null;
    }
  }
  function theme(name) {
    if (name !== "light" && name !== "dark") return;
    root.dataset.theme = name;
    try {
      localStorage.setItem("gec-theme", name);
    } catch { /* Not remembered. */ }
  }
  function otherTheme() {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    theme(isDark ? "light" : "dark");
  }

  // ---- Keys.

  const help = byId("help");
  const KEYS = {
    j: () => list.move(1),
    ArrowDown: () => list.move(1),
    k: () => list.move(-1),
    ArrowUp: () => list.move(-1),
    "/": () => {
      go("utterances");
      byId("search").focus();
      byId("search").select();
    },
    "?": () => help.showModal(),
    t: otherTheme,
  };
  PARTS.forEach((name, number) => (KEYS[number + 1] = () => go(name)));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const isField = event.target.matches("select, input:not([type=radio])");
    const isArrow = event.key.startsWith("Arrow");
    if (isArrow && event.target.matches("[type=radio]")) return;
    if (isField && event.key === "Escape") {
      event.target.blur();
      list.move(0);
      return;
    }
    const isMove = isArrow || event.key === "j" || event.key === "k";
    if (isField || !(event.key in KEYS) || (isMove && state.part !== "utterances")) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // ---- Paper: the rows of a list that scrolls cannot be printed, so the first are drawn.

  const MOST_PRINTED = 200;
  addEventListener("beforeprint", () => {
    const printed = byId("printed");
    printed.textContent = matching.length > MOST_PRINTED ? `The first ${MOST_PRINTED} of ${grouped(matching.length)}.` : "";
    for (const view of matching.slice(0, MOST_PRINTED)) printed.append(make("div", "row", draw(view)));
  });
  addEventListener("afterprint", () => (byId("printed").textContent = ""));

  theme(stored());
  document.body.classList.add("is-live");
  document.querySelector(".tools").hidden = false;
  byId("theme").addEventListener("click", otherTheme);
  byId("help-button").addEventListener("click", () => help.showModal());
  controls();
  read();
  show();
  addEventListener("hashchange", () => {
    read();
    show();
  });
})();
