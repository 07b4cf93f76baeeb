// Tells of previews that are ready or have failed: in the tab's title while nobody looks, and by a
// notification of the desktop where a person turned that on. Whose: one's own, one's favourites,
// and the one whose page this is.
const NEWS = new Set(["live", "failed"]);
let unseen = 0;

const isAllowed = () => "Notification" in window && Notification.permission === "granted";
const isOn = () => isAllowed() && localStorage.getItem("notify") === "on";

function concerns(element) {
  const login = document.body.dataset.login?.toLowerCase();
  const isMine = element.dataset.author?.toLowerCase() === login;
  return element.id === "branch-head" || isMine || element.querySelector(".star[aria-pressed=true]");
}

function tell(element) {
  if (!NEWS.has(element.dataset.state) || !concerns(element)) return;
  if (document.hidden) badge(unseen + 1);
  if (isOn() && !document.hasFocus()) show(element);
}

function badge(number) {
  const title = document.title.replace(/^\(\d+\) /, "");
  unseen = number;
  document.title = number ? `(${number}) ${title}` : title;
}

function show(element) {
  const address = element.querySelector("h2 a")?.href;
  const said = new Notification(element.dataset.announce, { tag: address ?? location.href });
  said.addEventListener("click", () => {
    window.focus();
    if (address) location.assign(address);
    said.close();
  });
}

function drawSwitch() {
  const part = document.querySelector("[data-notify]");
  if (!part || !("Notification" in window)) return;
  const isDenied = Notification.permission === "denied";
  const shown = { on: !isOn() && !isDenied, off: isOn(), "is-on": isOn(), denied: isDenied };
  part.hidden = false;
  for (const [name, is] of Object.entries(shown)) part.querySelector(`[data-notify-${name}]`).hidden = !is;
}

async function turn(isWanted) {
  if (isWanted && !isAllowed()) await Notification.requestPermission();
  localStorage.setItem("notify", isWanted && isAllowed() ? "on" : "off");
  drawSwitch();
}

export function prepareNotifications() {
  document.addEventListener("preview:moved", (event) => tell(event.detail));
  document.addEventListener("visibilitychange", () => document.hidden || badge(0));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-notify-on]")) turn(true);
    if (event.target.closest("[data-notify-off]")) turn(false);
  });
  drawSwitch();
}
