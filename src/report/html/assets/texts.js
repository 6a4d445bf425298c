"use strict";

// Elements and texts. Whatever comes from a transcript goes through `visible` and becomes a
// text node, never markup.

/** Control characters as pictures, characters that turn the direction of writing as numbers. */
function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (one) => {
    const code = one.codePointAt(0);
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** A new element with a class and, if there are any, texts or elements in it. */
function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A text of the data, isolated from the direction of what is around it. */
function isolated(text, className) {
  return make("bdi", className, visible(text));
}

/** The words of a text as the alignments count them: split at what Unicode calls white space. */
function wordsOf(text) {
  return text.split(/[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/).filter((word) => word !== "");
}

/** Steps of an alignment: its letter and the words of both sides, `null` where there is none. */
function steps(from, to, ops) {
  const before = wordsOf(from);
  const after = wordsOf(to);
  let i = 0;
  let j = 0;
  return Array.from(ops, (op) => ({
    op,
    from: op === "I" ? null : (before[i++] ?? ""),
    to: op === "D" ? null : (after[j++] ?? ""),
  }));
}

/** The text whose words were compared. */
function compared(written) {
  return written.words ?? written.text;
}

/** Whether a text begins with a script that is written from right to left. */
function isRightToLeft(text) {
  const strong = /\p{L}/u.exec(text);
  return strong !== null && /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]|[\u{10800}-\u{10fff}]|[\u{1e800}-\u{1efff}]/u.test(strong[0]);
}

/** Errors of a text, or `null` where there is no reference. */
function errorsOf(written) {
  if (written.ops === undefined) return null;
  let errors = 0;
  for (let i = 0; i < written.ops.length; i++) if (written.ops[i] !== "=") errors++;
  return errors;
}

/** A signed number with a real minus. */
function signed(number) {
  if (number === 0) return "±0";
  return number < 0 ? `−${-number}` : `+${number}`;
}

/** A whole number with its thousands apart. */
function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}
