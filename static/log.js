// A log: lines come in batches with the number of their first one, and each is shown once.
import { Marks } from "./log/marks.js";
import { Reader } from "./log/reader.js";
import { Search } from "./log/search.js";
import { HeardLines, StoredLines } from "./log/source.js";

const HEARD_MAX = 10000;

class Log {
  constructor(element) {
    const { lines, search } = element.dataset;
    const source = lines ? new StoredLines({ lines, search }) : new HeardLines(HEARD_MAX);
    this.element = element;
    this.reader = new Reader(element.querySelector(".log-lines"), source);
    this.prepareTools();
    const form = element.querySelector("[data-log-search]");
    if (form) new Search(form, this.reader);
    if (lines) new Marks(element, this.reader);
  }

  prepareTools() {
    const { element, reader } = this;
    element.querySelector("[data-log-tools]").hidden = false;
    for (const button of element.querySelectorAll("[data-log-toggle]")) this.prepareToggle(button);
    const follow = element.querySelector("[data-log-follow]");
    follow.addEventListener("click", () => reader.follow(!reader.isFollowing));
    reader.addEventListener("follow", () => follow.setAttribute("aria-pressed", String(reader.isFollowing)));
    const count = element.querySelector("[data-log-count]");
    reader.addEventListener("grow", () => {
      count.textContent = reader.total.toLocaleString(document.documentElement.lang);
    });
    reader.box.addEventListener("keydown", (event) => event.key === "End" && reader.follow(true));
  }

  // Kept for the next log; a browser that keeps nothing still shows this one so.
  prepareToggle(button) {
    const name = `log-${button.dataset.logToggle}`;
    const set = (isOn) => {
      button.setAttribute("aria-pressed", String(isOn));
      this.reader.measureAnew(() => this.element.classList.toggle(name, isOn));
    };
    const kept = storage((store) => store.getItem(name));
    set(kept ? kept === "on" : button.getAttribute("aria-pressed") === "true");
    button.addEventListener("click", () => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      set(isOn);
      storage((store) => store.setItem(name, isOn ? "on" : "off"));
    });
  }

  clear() {
    this.reader.source.clear?.();
    this.reader.reset();
  }
}

function storage(use) {
  try { return use(localStorage); } catch { return null; }
}

export function prepareLogs(root) {
  for (const element of root.querySelectorAll("[data-log]:not([data-ready])")) {
    element.dataset.ready = "yes";
    const log = new Log(element);
    const stream = element.closest("[data-stream]");
    stream.addEventListener("stream:line", (event) => log.reader.append(event.detail));
    stream.addEventListener("stream:reset", () => log.clear());
  }
}
