// Where lines come from that are not on the page: the server, or what this page has heard.
const SEARCH_MAX = 20000;

async function ask(url, values, signal) {
  const address = new URL(url, location.href);
  for (const [name, value] of Object.entries(values)) address.searchParams.set(name, value);
  const answer = await fetch(address, { signal });
  if (!answer.ok || answer.redirected) throw new Error(`${address.pathname}: ${answer.status}`);
  return answer.json();
}

// A log that the database has, however long: nothing of it is kept here.
export class StoredLines {
  constructor({ lines, search }) {
    this.urls = { lines, search };
  }

  keep() {}

  lines(from, count) {
    return ask(this.urls.lines, { from, count });
  }

  search(q, after, signal) {
    return ask(this.urls.search, { q, after }, signal);
  }
}

// The newest lines of something that goes on for ever, such as a container's output.
export class HeardLines {
  constructor(limit) {
    this.limit = limit;
    this.clear();
  }

  clear() {
    this.first = 1;
    this.kept = { at: [], steps: [], html: [] };
  }

  get last() {
    return this.first + this.kept.html.length - 1;
  }

  keep(batch) {
    if (!this.kept.html.length) this.first = batch.first;
    const skip = Math.max(0, this.last + 1 - batch.first);
    for (const name of Object.keys(this.kept)) this.kept[name].push(...batch[name].slice(skip));
  }

  dropBefore(number) {
    for (const list of Object.values(this.kept)) list.splice(0, number - this.first);
    this.first = number;
  }

  async lines(from, count) {
    const begin = Math.max(from, this.first);
    const part = Object.entries(this.kept).map(([name, list]) => [
      name, list.slice(begin - this.first, from - this.first + count),
    ]);
    return { first: begin, total: this.last, ...Object.fromEntries(part) };
  }

  async search(words, after) {
    const needle = words.toLowerCase();
    const found = [];
    this.kept.html.forEach((html, index) => {
      const number = this.first + index;
      if (number > after && asText(html).toLowerCase().includes(needle)) found.push(number);
    });
    return { lines: found.slice(0, SEARCH_MAX), count: found.length, last: this.last };
  }
}

const NAMES = { lt: "<", gt: ">", quot: '"', "#x27": "'", amp: "&" };
export const asText = (html) =>
  html.replace(/<[^>]*>/g, "").replace(/&(lt|gt|quot|#x27|amp);/g, (_, name) => NAMES[name]);
