// Lines as HTML. `html` has been escaped by the server (dashboard/ansi.py); the rest is numbers.
const today = new Date().toDateString();
const pad = (value, size = 2) => String(value).padStart(size, "0");

// In the zone of whoever looks; with the date where that is another day.
function clock(milliseconds) {
  if (!milliseconds) return "";
  const at = new Date(milliseconds);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
  return at.toDateString() === today ? time : `${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
}

// The lines numbered `from` to `to` of a batch; `before` is the step of the line before them.
export function rows({ first, at, steps, html }, from, to, before) {
  let text = "";
  let step = before;
  for (let index = from - first; index <= to - first; index += 1) {
    const number = first + index;
    const mark = steps[index] && steps[index] !== step ? Number(steps[index]) : "";
    step = steps[index];
    text += `<div class="log-line" id="L${number}"><a href="#L${number}">${number}</a><i>${mark}</i>` +
      `<b data-at="${clock(at[index])}"></b><span>${html[index]}</span></div>`;
  }
  return text;
}
