// Some hundred lines that are drawn, or a place of about their height that is kept for them.
import { rows } from "./rows.js";

export const BLOCK = 200; // dashboard/loglines.py knows it too

export class Block {
  constructor(index) {
    this.index = index;
    this.first = index * BLOCK + 1;
    this.drawn = 0; // lines of it that are on the page
    this.height = 0; // as it was when it was drawn last; 0 if that is not known
    this.step = null; // of the last line that is drawn
    this.element = document.createElement("div");
    this.element.className = "log-block";
    this.element.block = this;
  }

  get next() {
    return this.first + this.drawn;
  }

  get last() {
    return this.first + BLOCK - 1;
  }

  count(total) {
    return Math.max(0, Math.min(total, this.last) - this.first + 1);
  }

  // Draw what a batch has of the lines that come next.
  add(batch) {
    const to = Math.min(batch.first + batch.html.length - 1, this.last);
    if (batch.first > this.next || to < this.next) return false;
    this.element.style.height = "";
    this.element.insertAdjacentHTML("beforeend", rows(batch, this.next, to, this.step));
    this.step = batch.steps[to - batch.first];
    this.drawn = to - this.first + 1;
    return true;
  }

  reserve(total, lineHeight) {
    if (!this.drawn) this.element.style.height = `${this.height || this.count(total) * lineHeight}px`;
  }

  forget() {
    this.height = this.element.getBoundingClientRect().height;
    this.element.style.height = `${this.height}px`;
    this.element.replaceChildren();
    this.drawn = 0;
    this.step = null;
  }

  get isSelected() {
    const selection = getSelection();
    return !selection.isCollapsed && selection.rangeCount > 0 && selection.getRangeAt(0).intersectsNode(this.element);
  }
}
