// Server-sent events: one native EventSource for each element with data-stream, since that alone
// keeps Last-Event-ID over a lost connection. Events:
//   fragment  HTML that takes the place of the element with the same id
//   line      log lines, handled by log.js
//   reset     what came before is void; handled by log.js
//   numbers   how many previews each tab has
//   new       something to load: the event “stream:new” on <body>, which htmx may wait for
//   reload    too much was missed
//   end       nothing follows
import { showTimes } from "./times.js";

const LONGEST_WAIT = 15000;
const streams = new Map();

class Stream {
  constructor(element) {
    this.element = element;
    this.last = "";
    this.wait = 1000;
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    if (this.source || this.isOver) return;
    const url = new URL(this.element.dataset.stream, location.href);
    if (this.last) url.searchParams.set("after", this.last);
    this.source = new EventSource(url);
    this.source.onopen = () => { this.wait = 1000; this.tellConnection(true); };
    this.source.onerror = () => this.failed();
    for (const [name, handle] of Object.entries(handlers)) {
      this.source.addEventListener(name, (event) => {
        if (event.lastEventId) this.last = event.lastEventId;
        handle(this, event.data);
      });
    }
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  failed() {
    clearTimeout(this.offlineTimer);
    this.offlineTimer = setTimeout(() => this.tellConnection(false), 4000);
    if (this.source?.readyState !== EventSource.CLOSED) return; // the browser tries again
    this.close();
    this.timer = setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  tellConnection(isThere) {
    clearTimeout(this.offlineTimer);
    document.getElementById("offline").hidden = isThere || !this.source && this.isOver;
  }
}

const handlers = {
  fragment: (stream, html) => replaceFragment(stream.element, html),
  line: (stream, json) =>
    stream.element.dispatchEvent(new CustomEvent("stream:line", { detail: JSON.parse(json) })),
  reset: (stream) => stream.element.dispatchEvent(new CustomEvent("stream:reset")),
  numbers: (stream, json) => showNumbers(JSON.parse(json)),
  new: () => document.body.dispatchEvent(new CustomEvent("stream:new")),
  reload: () => location.reload(),
  end: (stream) => { stream.isOver = true; stream.close(); stream.tellConnection(true); },
};

function replaceFragment(owner, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.firstElementChild;
  const old = document.getElementById(fresh.id);
  if (!old) return insertFirst(owner, fresh);
  const { state } = old.dataset;
  if ("key" in fresh.dataset) replaceWhole(old, fresh);
  else morph(old, fresh);
  if (fresh.dataset.announce && fresh.dataset.state !== state) announce(old);
}

// A part with a key holds a stream of its own: it stays as it is until the key changes.
function replaceWhole(old, fresh) {
  if (old.dataset.key === fresh.dataset.key) return;
  old.replaceWith(fresh);
  closeLost();
  htmx.process(fresh);
  document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: fresh } }));
}

function morph(old, fresh) {
  showTimes(fresh);
  Idiomorph.morph(old, fresh.cloneNode(true), {
    morphStyle: "outerHTML",
    ignoreActiveValue: true,
    callbacks: {
      // What is this person's own; a line that comes in is everybody's.
      beforeNodeMorphed: (node) => !(node.dataset && "keep" in node.dataset),
      // What a person folded or unfolded stays so.
      beforeAttributeUpdated: (name, node) => !(name === "open" && "keepOpen" in node.dataset),
    },
  });
}

function insertFirst(owner, fresh) {
  const list = owner.dataset.insert && owner.querySelector(owner.dataset.insert);
  if (!list || !("prepend" in list.dataset) || fresh.dataset.state === "destroyed") return;
  showTimes(fresh);
  list.prepend(fresh);
  announce(fresh);
}

function announce(element) {
  document.getElementById("announcements").textContent = element.dataset.announce;
  document.dispatchEvent(new CustomEvent("preview:moved", { detail: element }));
}

function showNumbers(numbers) {
  for (const part of document.querySelectorAll("[data-numbers] [data-number]")) {
    part.textContent = numbers[part.dataset.number || "all"] ?? part.textContent;
  }
}

function closeLost() {
  for (const [element, stream] of streams) {
    if (element.isConnected) continue;
    stream.close();
    streams.delete(element);
  }
}

export function openStreams(root) {
  closeLost();
  const found = [...root.querySelectorAll("[data-stream]")];
  if (root.matches?.("[data-stream]")) found.push(root);
  for (const element of found) if (!streams.has(element)) streams.set(element, new Stream(element));
}

// A browser holds six connections to a server at most (HTTP/1.1): pages that nobody sees give
// theirs back, and go on from where they were when they are looked at again. A few that watch
// previews keep theirs, so that somebody can be told.
const WATCHING = ["watching-1", "watching-2"];
const closeAll = () => streams.forEach((stream) => stream.close());
const openAll = () => streams.forEach((stream) => stream.open());
let hiding;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(leave, 5000);
  else openAll();
});

async function leave() {
  const isSeen = new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  if (document.querySelector("[data-watch]") && navigator.locks) {
    for (const name of WATCHING) {
      const was = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => lock && (await isSeen, true));
      if (was) return;
    }
  }
  if (document.hidden) closeAll();
}
addEventListener("pagehide", () => closeAll());
addEventListener("pageshow", (event) => event.persisted && openAll());
