// A star is a button of a form, which works without this; with it, the page stays as it is.
export function keepStars() {
  document.addEventListener("submit", async (event) => {
    const star = event.submitter;
    if (!star?.matches(".star")) return;
    event.preventDefault();
    if (star.dataset.busy) return;
    star.dataset.busy = "yes";
    turn(star);
    if (!(await isDone(star.dataset.other, event.target))) turn(star);
    delete star.dataset.busy;
  });
}

function turn(star) {
  const isOn = star.getAttribute("aria-pressed") === "true";
  star.setAttribute("aria-pressed", String(!isOn));
  const other = star.getAttribute("formaction");
  star.setAttribute("formaction", star.dataset.other);
  star.dataset.other = other;
}

async function isDone(address, form) {
  const headers = { "X-Requested-With": "fetch" };
  try {
    const answer = await fetch(address, { method: "POST", body: new FormData(form), headers });
    return answer.status === 204;
  } catch {
    return false;
  }
}
