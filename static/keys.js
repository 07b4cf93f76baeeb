// Shortcuts: single keys, never while somebody types or a dialog is open.
const PLACES = { h: "/", m: "/?mine=1", f: "/?favourite=1", s: "/me" };
const PATIENCE = 1200; // milliseconds between the two keys of one shortcut
let waitsSince = 0;

const actions = {
  "/": () => search(),
  "?": () => document.getElementById("help")?.showModal(),
  g: () => { waitsSince = Date.now(); },
  j: () => step(1),
  k: () => step(-1),
  o: () => inLine(".row-open"),
  s: () => inLine(".star"),
};

function search() {
  const box = document.querySelector("input[type=search]");
  if (!box) return document.querySelector("[data-palette]")?.click();
  box.focus();
  box.select();
}

const lines = () => [...document.querySelectorAll(".rows > li")].filter((line) => line.querySelector("h2 a, a"));
const chosen = () => document.activeElement?.closest(".rows > li");

function step(by) {
  const all = lines();
  const at = all.indexOf(chosen());
  const line = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
  (line?.querySelector("h2 a") ?? line?.querySelector("a"))?.focus();
  line?.scrollIntoView({ block: "nearest" });
}

function inLine(selector) {
  chosen()?.querySelector(selector)?.click();
}

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]");
}

export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown" && event.target.matches("input[type=search]")) {
      event.preventDefault();
      return step(1);
    }
    if (isTyping(event.target) || !("login" in document.body.dataset)) return;
    const isSecond = Date.now() - waitsSince < PATIENCE;
    waitsSince = 0;
    const place = isSecond && PLACES[event.key];
    if (!place && !Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    if (place) location.assign(place);
    else actions[event.key]();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) document.getElementById("help").showModal();
  });
}
