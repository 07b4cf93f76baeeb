// Points in time become “5 minutes ago”, and durations count.
const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const absolute = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" });
const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const narrow = (value, unit) =>
  new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: language === "ja" ? "long" : "short" }).format(value);

function ago(at) {
  const seconds = (at - Date.now()) / 1000;
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(0, "second");
}

function running(at) {
  const seconds = Math.max(0, Math.floor((Date.now() - at) / 1000));
  const minutes = Math.floor(seconds / 60);
  return (minutes ? `${narrow(minutes, "minute")} ` : "") + narrow(seconds % 60, "second");
}

function said(time, at) {
  if ("running" in time.dataset) return running(at);
  if ("left" in time.dataset) return running(2 * Date.now() - at);
  return ago(at);
}

export function showTimes(root) {
  for (const time of root.querySelectorAll("time[data-ago], time[data-running], time[data-left]")) {
    const at = new Date(time.dateTime);
    const text = said(time, at);
    if (time.textContent !== text) time.textContent = text;
    if (!time.title) time.title = absolute.format(at);
  }
}

export function keepTimes() {
  setInterval(() => document.hidden || showTimes(document), 1000);
}
