"use strict";

/**
 * A list of which only the rows that can be seen exist. Closed rows have one height, which
 * the style says; opened ones are measured.
 */
class List {
  /** `draw(item)` makes a row's button, `open(item)` what stands below it when it is opened. */
  constructor(frame, canvas, draw, open) {
    this.frame = frame;
    this.canvas = canvas;
    this.draw = draw;
    this.open = open;
    this.items = [];
    /** Rows that exist, by their place. */
    this.rows = new Map();
    /** What opened items add to the height of their row. */
    this.extra = new Map();
    this.current = 0;
    this.sizes = new ResizeObserver((changes) => this.measured(changes));
    frame.addEventListener("scroll", () => this.request(), { passive: true });
    new ResizeObserver(() => this.resize()).observe(frame);
  }

  /** Other items, from the top. Opened ones stay open. */
  show(items) {
    this.items = items;
    this.current = 0;
    this.frame.scrollTop = 0;
    this.redraw();
  }

  redraw() {
    for (const place of [...this.rows.keys()]) this.drop(place);
    this.height = parseFloat(getComputedStyle(this.frame).getPropertyValue("--row")) || 32;
    this.update();
  }

  resize() {
    const height = parseFloat(getComputedStyle(this.frame).getPropertyValue("--row")) || 32;
    if (height !== this.height) this.redraw();
    else this.update();
  }

  request() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.update();
    });
  }

  /** Opened places in order, with what they add. Few: they were opened by hand. */
  opened() {
    if (this.extra.size === 0) return [];
    const places = [];
    this.items.forEach((item, place) => {
      if (this.extra.has(item)) places.push([place, this.extra.get(item)]);
    });
    return places;
  }

  /** Where a row begins. */
  top(place, opened) {
    let top = place * this.height;
    for (const [other, extra] of opened) {
      if (other >= place) break;
      top += extra;
    }
    return top;
  }

  /** The row at this height. */
  at(offset, opened) {
    let added = 0;
    for (const [place, extra] of opened) {
      const end = (place + 1) * this.height + added + extra;
      if (offset < end) return Math.max(0, Math.min(place, Math.floor((offset - added) / this.height)));
      added += extra;
    }
    return Math.max(0, Math.floor((offset - added) / this.height));
  }

  /** Makes the rows that can be seen, with a few around them, and drops all others. */
  update() {
    const opened = this.opened();
    const total = this.items.length * this.height + opened.reduce((sum, [, extra]) => sum + extra, 0);
    this.canvas.style.height = `${total}px`;
    const from = Math.max(0, this.at(this.frame.scrollTop, opened) - 3);
    const to = Math.min(this.items.length, this.at(this.frame.scrollTop + this.frame.clientHeight, opened) + 4);
    for (const [place, row] of [...this.rows]) {
      // The row that has the focus stays: without it the keys would go nowhere.
      if ((place < from || place >= to) && !row.contains(document.activeElement)) this.drop(place);
    }
    for (let place = from; place < to; place++) if (!this.rows.has(place)) this.add(place);
    for (const [place, row] of this.rows) row.style.transform = `translateY(${this.top(place, opened)}px)`;
  }

  add(place) {
    const item = this.items[place];
    const row = make("div", "row");
    row.setAttribute("role", "listitem");
    row.setAttribute("aria-setsize", String(this.items.length));
    row.setAttribute("aria-posinset", String(place + 1));
    const button = this.draw(item);
    button.tabIndex = place === this.current ? 0 : -1;
    button.setAttribute("aria-expanded", String(this.extra.has(item)));
    button.addEventListener("click", () => this.toggle(place));
    button.addEventListener("focus", () => this.select(place));
    row.append(button);
    // In the order of the list, so that Tab and a screen reader follow it.
    const next = [...this.canvas.children].find((other) => other.place > place) ?? null;
    row.place = place;
    this.canvas.insertBefore(row, next);
    this.rows.set(place, row);
    if (this.extra.has(item)) this.unfold(row, item);
  }

  drop(place) {
    const row = this.rows.get(place);
    if (row.lastChild !== row.firstChild) this.sizes.unobserve(row.lastChild);
    row.remove();
    this.rows.delete(place);
  }

  unfold(row, item) {
    const below = this.open(item);
    below.item = item;
    row.append(below);
    this.extra.set(item, below.offsetHeight);
    this.sizes.observe(below);
  }

  measured(changes) {
    let isOther = false;
    for (const { target } of changes) {
      if (!target.isConnected || target.offsetHeight === 0 || this.extra.get(target.item) === target.offsetHeight) continue;
      this.extra.set(target.item, target.offsetHeight);
      isOther = true;
    }
    if (isOther) this.update();
  }

  toggle(place) {
    const item = this.items[place];
    const row = this.rows.get(place);
    if (this.extra.has(item)) {
      this.extra.delete(item);
      this.sizes.unobserve(row.lastChild);
      row.lastChild.remove();
    } else {
      this.unfold(row, item);
    }
    row.firstChild.setAttribute("aria-expanded", String(this.extra.has(item)));
    this.update();
  }

  /** Marks the row that the keys are about. */
  select(place) {
    const before = this.rows.get(this.current)?.firstChild;
    if (before) before.tabIndex = -1;
    this.current = place;
    const button = this.rows.get(place)?.firstChild;
    if (button) button.tabIndex = 0;
  }

  /** Moves the focus to a row, which is scrolled into view. */
  focus(place) {
    if (this.items.length === 0) return;
    place = Math.max(0, Math.min(this.items.length - 1, place));
    const opened = this.opened();
    const top = this.top(place, opened);
    const { scrollTop, clientHeight } = this.frame;
    if (top < scrollTop) this.frame.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.frame.scrollTop = top + this.height - clientHeight;
    this.update();
    this.rows.get(place)?.firstChild.focus({ preventScroll: true });
  }

  /** Moves by so many rows; from outside of the list, to the current row. */
  move(by) {
    const isInside = this.canvas.contains(document.activeElement);
    this.focus(isInside ? this.current + by : this.current);
  }
}
