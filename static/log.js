// A log: lines come in batches with the number of their first one, and each is shown once.
const BLOCK = 200;

class Log {
  constructor(element) {
    this.box = element.querySelector(".log-lines");
    this.count = element.querySelector("[data-log-count]");
    this.button = element.querySelector("[data-follow]");
    this.last = 0;
    this.step = null;
    this.wanted = /^#L[0-9]+$/.test(location.hash) ? location.hash.slice(1) : "";
    if (this.wanted) this.follow(false);
    this.button.addEventListener("click", () => this.follow(!this.isFollowing));
    // A person who scrolls up wants to read; one who scrolls down to the end wants to follow.
    this.box.addEventListener("wheel", (event) => event.deltaY < 0 && this.follow(false), { passive: true });
    this.box.addEventListener("touchmove", () => this.follow(this.isAtEnd), { passive: true });
    this.box.addEventListener("keydown", (event) => {
      if (["ArrowUp", "PageUp", "Home"].includes(event.key)) this.follow(false);
      if (event.key === "End") this.follow(true);
    });
    addEventListener("hashchange", () => this.goTo(location.hash.slice(1)));
  }

  get isFollowing() {
    return this.button.getAttribute("aria-pressed") === "true";
  }

  get isAtEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 30;
  }

  follow(wanted) {
    this.button.setAttribute("aria-pressed", String(wanted));
    if (wanted) this.box.scrollTop = this.box.scrollHeight;
  }

  append({ first, steps, html }) {
    let index = Math.max(0, this.last + 1 - first);
    while (index < html.length) {
      const block = this.block();
      const end = Math.min(html.length, index + BLOCK - block.childElementCount);
      let rows = "";
      for (; index < end; index += 1) rows += this.row(first + index, steps[index], html[index]);
      block.insertAdjacentHTML("beforeend", rows);
    }
    this.last = Math.max(this.last, first + html.length - 1);
    this.count.textContent = this.last.toLocaleString(document.documentElement.lang);
    if (this.isFollowing) this.box.scrollTop = this.box.scrollHeight;
    if (this.wanted) this.goTo(this.wanted);
  }

  block() {
    const last = this.box.lastElementChild;
    if (last?.matches(".log-block") && last.childElementCount < BLOCK) return last;
    const block = document.createElement("div");
    block.className = "log-block";
    this.box.append(block);
    return block;
  }

  // `html` has been escaped by the server (dashboard/ansi.py); the rest is numbers.
  row(number, step, html) {
    const mark = step && step !== this.step ? Number(step) : "";
    this.step = step;
    return `<div class="log-line" id="L${number}"><a href="#L${number}">${number}</a><i>${mark}</i><span>${html}</span></div>`;
  }

  goTo(id) {
    const line = /^L[0-9]+$/.test(id) && document.getElementById(id);
    if (!line) return;
    this.wanted = "";
    this.box.querySelector(".is-target")?.classList.remove("is-target");
    line.classList.add("is-target");
    this.follow(false);
    line.scrollIntoView({ block: "center" });
  }
}

export function prepareLogs(root) {
  for (const element of root.querySelectorAll("[data-log]:not([data-ready])")) {
    element.dataset.ready = "yes";
    const log = new Log(element);
    element.closest("[data-stream]").addEventListener("stream:line", (event) => log.append(event.detail));
  }
}
