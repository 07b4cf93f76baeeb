// Shows a log of any length: the blocks around what is seen are drawn, the others keep a place.
// What is above what is seen may change its height; the reader then moves by as much.
import { BLOCK, Block } from "./block.js";

const NEAR = "120% 0px"; // around the box: what is drawn
const FAR = 5; // heights of the box around it: what is drawn beyond is let go of
const PATIENCE = 40; // ms that a place must be near, so that flying over it loads nothing
const AGAIN = 2000; // ms after which a block that could not be loaded is tried again

export class Reader extends EventTarget {
  constructor(box, source) {
    super();
    this.box = box;
    this.source = source;
    this.near = new IntersectionObserver((seen) => this.noteNear(seen), { root: box, rootMargin: NEAR });
    this.isFollowing = true;
    this.lineHeight = 20;
    this.blocks = new Map();
    this.nearby = new Set();
    this.reset();
    box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(box);
  }

  reset() {
    for (const block of this.blocks.values()) this.remove(block);
    this.total = 0;
    this.top = 0;
  }

  remove(block) {
    this.near.unobserve(block.element);
    this.nearby.delete(block);
    this.blocks.delete(block.index);
    block.element.remove();
  }

  // Lines that are new; what is missing before them is known to the source.
  append(batch) {
    this.source.keep(batch);
    const last = batch.first + batch.html.length - 1;
    if (!this.total && this.source.limit) this.start = indexOf(batch.first);
    this.grow(last);
    for (let index = indexOf(batch.first); index <= indexOf(last); index += 1) {
      const block = this.blocks.get(index);
      const isSeen = this.isFollowing && index >= indexOf(this.total) - 1;
      if (block && (block.drawn || isSeen) && !block.add(batch) && block.drawn < block.count(last)) this.load(block);
    }
    this.dropOld();
    this.stay();
    this.changed();
  }

  grow(total) {
    if (total <= this.total) return;
    const fragment = document.createDocumentFragment();
    for (let index = this.total ? indexOf(this.total) : this.start ?? 0; index <= indexOf(total); index += 1) {
      if (this.blocks.has(index)) continue;
      const block = new Block(index);
      this.blocks.set(index, block);
      fragment.append(block.element);
    }
    const from = indexOf(Math.max(1, this.total));
    this.total = total;
    for (let index = from; index <= indexOf(total); index += 1) this.blocks.get(index)?.reserve(total, this.lineHeight);
    const fresh = [...fragment.children];
    this.box.append(fragment);
    for (const element of fresh) this.near.observe(element);
    this.dispatchEvent(new Event("grow"));
  }

  dropOld() {
    const { limit } = this.source;
    for (const block of this.blocks.values()) {
      if (!limit || this.blocks.size * BLOCK <= limit + BLOCK) return;
      const height = block.element.getBoundingClientRect().height;
      this.remove(block);
      this.source.dropBefore(block.last + 1);
      this.moveTo(this.box.scrollTop - height);
    }
  }

  noteNear(seen) {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting) this.nearby.add(target.block);
      else this.nearby.delete(target.block);
    }
    this.timer ??= setTimeout(() => {
      this.timer = null;
      for (const block of this.nearby) if (block.drawn < block.count(this.total)) this.load(block);
      this.letGo();
    }, PATIENCE);
  }

  letGo() {
    const { top, bottom, height } = this.box.getBoundingClientRect();
    for (const block of this.blocks.values()) {
      if (!block.drawn || this.nearby.has(block)) continue;
      const place = block.element.getBoundingClientRect();
      const isFar = place.bottom < top - FAR * height || place.top > bottom + FAR * height;
      if (isFar && !block.isSelected) block.forget();
    }
  }

  load(block) {
    block.loading ??= this.fetch(block).finally(() => { block.loading = null; });
    return block.loading;
  }

  async fetch(block) {
    try {
      const batch = await this.source.lines(block.first, BLOCK);
      if (this.blocks.get(block.index) === block) this.draw(block, batch);
    } catch {
      setTimeout(() => this.nearby.has(block) && this.load(block), AGAIN);
    }
  }

  draw(block, batch) {
    this.grow(batch.total);
    const before = block.element.getBoundingClientRect();
    const isAbove = before.bottom <= this.box.getBoundingClientRect().top;
    const added = block.add(batch);
    this.measure(block);
    if (this.isFollowing) this.stay();
    else if (isAbove) this.moveTo(this.box.scrollTop + block.element.getBoundingClientRect().height - before.height);
    // One may have left its neighbourhood, and more been written, while it was on its way.
    this.noteNear([]);
    if (added && block.drawn < block.count(this.total)) this.load(block);
    this.changed();
  }

  measure(block) {
    if (block.drawn < BLOCK / 4) return;
    const height = block.element.getBoundingClientRect().height / block.drawn;
    if (height > 0) this.lineHeight = this.hasMeasured ? this.lineHeight * 0.8 + height * 0.2 : height;
    this.hasMeasured = true;
  }

  changed() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.dispatchEvent(new Event("draw"));
    });
  }

  get isAtEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 30;
  }

  moveTo(top) {
    this.box.scrollTop = top;
    this.top = this.box.scrollTop;
  }

  stay() {
    if (this.isFollowing) this.moveTo(this.box.scrollHeight);
  }

  follow(wanted) {
    this.isFollowing = wanted;
    this.stay();
    this.dispatchEvent(new Event("follow"));
  }

  // A person who scrolls up wants to read; one who scrolls down to the end wants to follow.
  scrolled() {
    const before = this.top;
    this.top = this.box.scrollTop;
    if (this.isFollowing && this.top < before - 2) this.follow(false);
    else if (!this.isFollowing && this.top > before + 2 && this.isAtEnd) this.follow(true);
  }

  row(number) {
    const block = this.blocks.get(indexOf(number));
    return block && number < block.next ? block.element.children[number - block.first] : null;
  }

  // The first line that is seen.
  get place() {
    const top = this.box.getBoundingClientRect().top;
    for (const block of this.blocks.values()) {
      if (!block.drawn || block.element.getBoundingClientRect().bottom <= top) continue;
      const row = [...block.element.children].find((each) => each.getBoundingClientRect().bottom > top);
      return { number: Number(row.id.slice(1)), offset: row.getBoundingClientRect().top - top };
    }
    return null;
  }

  async goTo(number) {
    this.follow(false);
    if (number > this.total) this.grow((await this.source.lines(number, 1)).total);
    const block = this.blocks.get(indexOf(number));
    if (!block || number > this.total) return false;
    if (!this.row(number)) await this.load(block);
    const row = this.row(number);
    if (!row) return false;
    this.showAt(row, (this.box.clientHeight - row.offsetHeight) / 2);
    this.box.scrollIntoView({ block: "nearest" });
    return true;
  }

  showAt(row, offset) {
    const distance = row.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
    this.moveTo(this.box.scrollTop + distance - offset);
  }

  // Lines are as high as they are wide: what was measured counts no longer.
  resized() {
    if (this.width !== this.box.clientWidth) this.measureAnew(() => {});
    this.width = this.box.clientWidth;
    this.stay();
  }

  measureAnew(change) {
    const place = this.place;
    change();
    this.hasMeasured = false;
    for (const block of this.blocks.values()) {
      block.height = 0;
      this.measure(block);
    }
    for (const block of this.blocks.values()) block.reserve(this.total, this.lineHeight);
    const row = place && this.row(place.number);
    if (this.isFollowing) this.stay();
    else if (row) this.showAt(row, place.offset);
  }
}

export const indexOf = (number) => Math.floor((number - 1) / BLOCK);
