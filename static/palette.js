// The command palette: a combobox over previews, pages, and whatever this page can do. The server
// finds; what the page can do is its own buttons, pressed from here.
const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
const found = dialog?.querySelector("[data-found]");
const own = dialog?.querySelector("[data-actions]");
const anywhere = dialog?.querySelector("[data-anywhere]");
let asking, waiting;

const options = () => [...list.querySelectorAll("[role=option]")].filter((option) => option.checkVisibility());
const active = () => list.querySelector("[aria-selected=true]");

function open() {
  if (document.querySelector("dialog[open]")) return;
  input.value = "";
  dialog.showModal();
  collect();
  load();
}

// Buttons that are there to be pressed.
function collect() {
  fill(own, "main .buttons :is(a.btn, button)");
  fill(anywhere, "[data-theme-toggle], [data-help]");
  filter();
}

function fill(group, selector) {
  const buttons = [...document.querySelectorAll(selector)].filter((button) => button.checkVisibility() && !button.disabled);
  group.replaceChildren(...buttons.map((button, number) => line(button, `${group.ariaLabel}-${number}`)));
}

function line(button, key) {
  const item = document.createElement("li");
  item.role = "presentation";
  const option = document.createElement("button");
  option.type = "button";
  option.id = `option-${key.replace(/\s/g, "-")}`;
  option.className = "option-line";
  option.role = "option";
  option.tabIndex = -1;
  const name = document.createElement("span");
  name.className = "option-name";
  name.textContent = button.ariaLabel || button.innerText.replace(/\s*\?$/, "");
  option.append(name);
  option.addEventListener("click", () => { dialog.close(); button.click(); });
  item.append(option);
  return item;
}

function filter() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of [own, anywhere]) {
    for (const item of group.children) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
    group.hidden = [...group.children].every((item) => item.hidden);
  }
}

async function load() {
  asking?.abort();
  asking = new AbortController();
  const address = `${dialog.dataset.options}?q=${encodeURIComponent(input.value)}`;
  try {
    const answer = await fetch(address, { signal: asking.signal });
    if (answer.redirected) return location.reload(); // signed out in the meantime
    if (answer.ok) found.innerHTML = await answer.text();
  } catch (problem) {
    if (problem.name === "AbortError") return;
  }
  // Before anything is typed, the Enter key does nothing that could be regretted.
  choose(input.value ? options()[0] : found.querySelector("[role=option]"));
  dialog.querySelector(".palette-none").hidden = options().length > 0;
}

function choose(option) {
  for (const other of list.querySelectorAll("[role=option]")) other.setAttribute("aria-selected", String(other === option));
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function move(by) {
  const all = options();
  const at = all.indexOf(active());
  choose(all[(at + by + all.length) % all.length]);
}

const keys = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  Home: () => choose(options()[0]),
  End: () => choose(options().at(-1)),
  Enter: () => active()?.click(),
};

export function preparePalette() {
  if (!dialog) return;
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-palette]") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    open();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  input.addEventListener("input", () => {
    filter();
    clearTimeout(waiting);
    waiting = setTimeout(load, 120);
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== active()) choose(option);
  });
}
