// The book's depth over time: a column for each moment, a row for each price; the stronger a colour, the more is there.

import { byId, setText } from "./elements.js";
import { decimalsFor, duration } from "./format.js";
import { complain } from "./notice.js";
import { cutTo } from "./span.js";
import { channelsOf, colourOf, onThemeChange } from "./theme.js";

const LONGEST = 15 * 60 * 1000; // what the server rebuilds at most
const HEIGHT = 400;
const MARGIN = { right: 72, bottom: 20 };
const POLL = 150;
const SETTLED = 250; // milliseconds without another zoom, before a book is rebuilt for it

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Heatmap {
  #columns = [];
  #prices = null; // {low, step}
  #span = { from: 0, to: 1 };
  #rows = Math.floor((HEIGHT - MARGIN.bottom) / 3);
  #loading = new AbortController();
  #wait = 0;
  #asked = "";

  constructor(api, state, player) {
    Object.assign(this, { api, state, player });
    this.canvas = byId("heatmap");
    state.on("span product", () => this.#settle());
    state.on("at", (at) => this.#onPlayhead(at));
    onThemeChange(() => this.#paint());
    new ResizeObserver(() => this.#paint()).observe(this.canvas.parentElement);
    this.canvas.addEventListener("click", ({ offsetX }) => this.#onClick(offsetX));
  }

  get #width() {
    return Math.max(1, this.canvas.parentElement.clientWidth - MARGIN.right);
  }

  #onClick(x) {
    if (x <= this.#width) this.player.seek(this.#span.from + (x / this.#width) * (this.#span.to - this.#span.from));
  }

  #onPlayhead(at) {
    const { from, to } = cutTo(this.state.get("span"), LONGEST, at);
    if (from !== this.#span.from || to !== this.#span.to) this.#settle();
    this.#showPlayhead(at);
  }

  #showPlayhead(at) {
    const line = byId("heat-playhead");
    const share = (at - this.#span.from) / (this.#span.to - this.#span.from);
    line.hidden = !(share >= 0 && share <= 1);
    if (!line.hidden) line.style.transform = `translateX(${share * this.#width}px)`;
  }

  #settle() {
    clearTimeout(this.#wait);
    this.#wait = setTimeout(() => this.#load().catch(complain), SETTLED);
  }

  async #load() {
    const product = this.state.get("product");
    const span = cutTo(this.state.get("span"), LONGEST, this.state.get("at"));
    const question = `${product} ${span.from} ${span.to}`;
    if (!product || question === this.#asked) return;
    this.#asked = question;
    this.#loading.abort();
    this.#loading = new AbortController();
    this.#begin(span);
    try {
      await this.#collect({ product, ...span, columns: Math.min(300, Math.floor(this.#width / 3)), rows: this.#rows });
    } catch (error) {
      if (error.name !== "AbortError") this.#asked = "";
      throw error;
    }
  }

  #begin(span) {
    this.#span = span;
    this.#columns = [];
    this.#prices = null;
    this.#paint();
    this.#showPlayhead(this.state.get("at"));
  }

  async #collect(question) {
    const { signal } = this.#loading;
    for (let after; ; ) {
      const answer = await this.api.get("heatmap", { ...question, after }, signal);
      this.#columns.push(...answer.columns);
      this.#prices = { low: answer.price_low, step: answer.price_step };
      this.#paint();
      this.#showProgress(answer.done);
      if (answer.done) return;
      after = answer.next;
      await pause(answer.columns.length ? POLL / 3 : POLL);
      if (signal.aborted) return;
    }
  }

  #showProgress(done) {
    const { from, to } = this.#span;
    const reached = this.#columns.at(-1)?.ms ?? from;
    const percent = Math.round(((reached - from) / (to - from)) * 100);
    const decimals = decimalsFor(to - from);
    const part = to - from < this.state.get("span").to - this.state.get("span").from;
    const shown = part ? `${duration(from, decimals)} – ${duration(to, decimals)}` : "";
    const empty = this.#columns.every(({ bids, asks }) => !bids.length && !asks.length);
    const said = empty ? "The book is not known here." : shown;
    setText(byId("depth-progress"), done ? said : `${shown} rebuilding, ${percent} %`);
  }

  /** The size that gets the full colour: few are larger. */
  #fullSize() {
    const sizes = [];
    for (const { bids, asks } of this.#columns) for (const [, size] of [...bids, ...asks]) sizes.push(size);
    sizes.sort((a, b) => a - b);
    return sizes[Math.floor(sizes.length * 0.98)] || 1;
  }

  #cells() {
    const image = new ImageData(this.#columns.length, this.#rows);
    const full = Math.log1p(this.#fullSize());
    const paint = (place, levels, [red, green, blue]) => {
      for (const [row, size] of levels) {
        if (row < 0 || row >= this.#rows) continue;
        const at = ((this.#rows - 1 - row) * image.width + place) * 4;
        const strength = Math.min(1, Math.log1p(Number(size)) / full);
        image.data.set([red, green, blue, 30 + 225 * strength], at);
      }
    };
    this.#columns.forEach(({ bids, asks }, place) => {
      paint(place, bids, channelsOf("--bid"));
      paint(place, asks, channelsOf("--ask"));
    });
    return image;
  }

  #paint() {
    const { canvas } = this;
    const ratio = devicePixelRatio;
    const [width, height] = [canvas.parentElement.clientWidth, HEIGHT];
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    this.#paintAxes(context, height - MARGIN.bottom);
    if (this.#columns.length) this.#paintColumns(context, height - MARGIN.bottom);
  }

  #paintColumns(context, height) {
    const image = this.#cells();
    const cells = new OffscreenCanvas(image.width, image.height);
    cells.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    const scale = this.#width / (this.#span.to - this.#span.from);
    this.#columns.forEach(({ ms }, place) => {
      const from = Math.round((ms - this.#span.from) * scale);
      const next = this.#columns[place + 1]?.ms ?? ms + (place ? ms - this.#columns[place - 1].ms : 0);
      const to = Math.min(this.#width, Math.round((next - this.#span.from) * scale));
      context.drawImage(cells, place, 0, 1, image.height, from, 0, Math.max(1, to - from), height);
    });
  }

  #paintAxes(context, height) {
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = colourOf("--dim");
    context.strokeStyle = colourOf("--line");
    context.strokeRect(0.5, 0.5, this.#width - 1, height - 1);
    this.#paintTimes(context, height);
    if (this.#prices) this.#paintPrices(context, height);
  }

  #paintTimes(context, height) {
    const { from, to } = this.#span;
    const ticks = 5;
    for (let tick = 0; tick <= ticks; tick += 1) {
      context.textAlign = tick === 0 ? "left" : tick === ticks ? "right" : "center";
      const text = duration(from + ((to - from) * tick) / ticks, decimalsFor(to - from));
      context.fillText(text, (this.#width * tick) / ticks, height + 15);
    }
  }

  #paintPrices(context, height) {
    const low = Number(this.#prices.low);
    const step = Number(this.#prices.step);
    const decimals = Math.max(0, Math.min(8, 1 - Math.floor(Math.log10(step * this.#rows / 5))));
    context.textAlign = "left";
    for (let tick = 0; tick <= 5; tick += 1) {
      const y = height - (height * tick) / 5;
      context.fillText((low + (step * this.#rows * tick) / 5).toFixed(decimals), this.#width + 6, Math.max(10, y));
    }
  }
}
