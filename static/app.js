// What every page needs: theme, times, dialogs, and the live parts.
import { keepTimes, showTimes } from "./times.js";
import { openStreams } from "./live.js";
import { prepareLogs } from "./log.js";
import { listenToKeys } from "./keys.js";
import { preparePalette } from "./palette.js";
import { prepareNotifications } from "./notify.js";
import { keepStars } from "./stars.js";

function toggleTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${next}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.querySelector("span");
  const before = label.textContent;
  label.textContent = button.dataset.copied;
  document.getElementById("announcements").textContent = button.dataset.copied;
  setTimeout(() => { label.textContent = before; }, 2000);
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-toggle]")) toggleTheme();
  const copied = event.target.closest("[data-copy]");
  if (copied) copy(copied);
  const dialog = event.target.closest("dialog");
  const isOutside = event.target === dialog;
  if (dialog?.open && (isOutside || event.target.closest("[data-dismiss]"))) {
    event.preventDefault();
    dialog.close();
  }
});

// A form that must not be sent twice; the server would notice, but it need not come to that.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});

// A picture that cannot be loaded leaves its place to the icon behind it.
document.addEventListener("error", (event) => event.target.matches?.(".avatar img") && event.target.remove(), true);

// Addresses are shared: what was left empty does not belong into them.
document.addEventListener("htmx:configRequest", (event) => {
  const { verb, formData } = event.detail;
  if (verb !== "get") return;
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
});

document.addEventListener("htmx:beforeSwap", (event) => {
  // Signed out in the meantime: go and sign in, instead of showing that page inside this one.
  if (new URL(event.detail.xhr.responseURL).pathname.endsWith("/sign-in")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.matches("dialog")) event.detail.target.showModal();
});
document.addEventListener("htmx:load", (event) => start(event.detail.elt));

function start(root) {
  for (const picture of root.querySelectorAll(".avatar img")) {
    if (picture.complete && !picture.naturalWidth) picture.remove();
  }
  showTimes(root);
  prepareLogs(root);
  openStreams(root);
}

start(document);
listenToKeys();
preparePalette();
prepareNotifications();
keepStars();
keepTimes();
