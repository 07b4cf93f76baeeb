// Searching a log: the source knows where the words stand, also in what is not on the page.
const PAUSE = 250; // ms without typing
const NAME = "log-search";
const number = new Intl.NumberFormat(document.documentElement.lang);

export class Search {
  constructor(form, reader) {
    this.reader = reader;
    this.input = form.elements.q;
    this.output = form.querySelector("[data-log-found]");
    this.words = "";
    this.forget();
    const previous = form.querySelector("[data-log-previous]");
    previous.hidden = false;
    previous.addEventListener("click", () => this.step(-1));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.step(1); });
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.run(), PAUSE);
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.shiftKey) { event.preventDefault(); this.step(-1); }
      if (event.key === "Escape" && this.input.value) { event.preventDefault(); this.input.value = ""; this.run(); }
    });
    reader.addEventListener("draw", () => this.highlight());
    reader.addEventListener("grow", () => this.goOn());
  }

  forget() {
    this.lines = [];
    this.count = 0;
    this.last = 0;
    this.at = -1;
  }

  async run() {
    const words = this.input.value.trim();
    if (words === this.words) return;
    this.words = words;
    this.forget();
    await this.look();
    if (this.words !== words) return;
    if (this.lines.length) await this.show(this.nearest());
    this.tell();
  }

  async look() {
    this.request?.abort();
    const request = this.request = new AbortController();
    try {
      const found = this.words ? await this.reader.source.search(this.words, this.last, request.signal) : null;
      if (request.signal.aborted || !found) return;
      this.lines.push(...found.lines);
      this.count += found.total;
      this.last = found.last;
    } catch (problem) {
      if (problem.name !== "AbortError") this.output.textContent = "–";
    } finally {
      if (this.request === request) this.request = null;
    }
  }

  // Lines that came since are looked at as well, a little later.
  goOn() {
    if (!this.words || this.waiting) return;
    this.waiting = setTimeout(async () => {
      this.waiting = null;
      if (!this.request && this.last) await this.look();
      this.tell();
    }, 4 * PAUSE);
  }

  nearest() {
    const from = this.reader.place?.number ?? 1;
    const index = this.lines.findIndex((line) => line >= from);
    return index < 0 ? this.lines.length - 1 : index;
  }

  async step(direction) {
    clearTimeout(this.timer);
    if (this.input.value.trim() !== this.words) return this.run();
    if (!this.lines.length) return;
    await this.show((this.at + direction + this.lines.length) % this.lines.length);
    this.tell();
  }

  async show(index) {
    this.at = index;
    await this.reader.goTo(this.lines[index]).catch(() => false);
    this.highlight();
  }

  tell() {
    const { none } = this.output.dataset;
    const place = this.count ? `${number.format(this.at + 1)} / ${number.format(this.count)}` : none;
    this.output.textContent = this.words ? place : "";
    this.highlight();
  }

  // By ranges, which leave the lines as they are: a selection stays.
  highlight() {
    for (const row of this.reader.box.querySelectorAll(".is-found")) row.classList.remove("is-found");
    if (this.words) this.reader.row(this.lines[this.at])?.classList.add("is-found");
    if (!globalThis.Highlight) return;
    CSS.highlights.delete(NAME);
    if (!this.words) return;
    const ranges = [...this.reader.box.querySelectorAll(".log-line > span")].flatMap((text) => rangesIn(text, this.words));
    CSS.highlights.set(NAME, new Highlight(...ranges));
  }
}

function rangesIn(element, words) {
  const text = element.textContent.toLowerCase();
  const needle = words.toLowerCase();
  const ranges = [];
  for (let at = text.indexOf(needle); at >= 0 && ranges.length < 50; at = text.indexOf(needle, at + needle.length)) {
    const range = new Range();
    range.setStart(...point(element, at));
    range.setEnd(...point(element, at + needle.length));
    ranges.push(range);
  }
  return ranges;
}

function point(element, offset) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let left = offset;
  let node = walker.nextNode();
  for (; node && left > node.length; node = walker.nextNode()) left -= node.length;
  return node ? [node, left] : [element, element.childNodes.length];
}
