// Links to lines: #L120, or #L120-L130 by pressing Shift; marked lines can be copied.
import { BLOCK } from "./block.js";
import { asText } from "./source.js";

const LINK = /^#L([0-9]{1,7})(?:-L?([0-9]{1,7}))?$/;
const COPY_MAX = 5000;

export class Marks {
  constructor(element, reader) {
    this.reader = reader;
    this.button = element.querySelector("[data-log-copy]");
    this.range = null;
    reader.box.addEventListener("click", (event) => this.clicked(event));
    reader.addEventListener("draw", () => this.show());
    // A line that is not written yet is waited for.
    reader.addEventListener("grow", () => this.isAwaited && this.range[0] <= reader.total && this.arrive());
    this.button.addEventListener("click", () => this.copy());
    addEventListener("hashchange", () => this.read());
    this.read();
  }

  read() {
    const found = LINK.exec(location.hash);
    if (!found) return;
    const ends = [Number(found[1]), Number(found[2] ?? found[1])].sort((a, b) => a - b);
    if (ends[0] < 1) return;
    this.mark(ends);
    this.arrive();
  }

  async arrive() {
    this.isAwaited = false;
    this.isAwaited = !(await this.reader.goTo(this.range[0]).catch(() => false));
  }

  clicked(event) {
    const link = event.target.closest(".log-line > a");
    if (!link || event.ctrlKey || event.metaKey || event.button) return;
    event.preventDefault();
    const number = Number(link.textContent);
    const from = event.shiftKey && this.range ? this.range[0] : number;
    this.mark([Math.min(from, number), Math.max(from, number)]);
    this.reader.follow(false);
    const [first, last] = this.range;
    history.replaceState(history.state, "", first === last ? `#L${first}` : `#L${first}-L${last}`);
  }

  mark(range) {
    this.range = range;
    this.button.hidden = false;
    this.show();
  }

  show() {
    if (!this.range) return;
    const [first, last] = this.range;
    for (const row of this.reader.box.querySelectorAll(".is-target")) row.classList.remove("is-target");
    for (const block of this.reader.blocks.values()) {
      for (let number = Math.max(first, block.first); number <= Math.min(last, block.next - 1); number += 1) {
        this.reader.row(number).classList.add("is-target");
      }
    }
  }

  async copy() {
    const [first, last] = this.range;
    const lines = [];
    for (let from = first; from <= Math.min(last, first + COPY_MAX - 1); from += BLOCK) {
      const { html } = await this.reader.source.lines(from, Math.min(BLOCK, last - from + 1));
      lines.push(...html.map(asText));
    }
    await navigator.clipboard.writeText(lines.join("\n"));
    document.getElementById("announcements").textContent = this.button.dataset.done;
    this.button.classList.add("is-done");
    setTimeout(() => this.button.classList.remove("is-done"), 1500);
  }
}
