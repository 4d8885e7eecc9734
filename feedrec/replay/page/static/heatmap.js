// The book's depth over time, as it is rebuilt: asked for a piece at a time, shown as the pieces come.

import { byId, setText } from "./elements.js";
import { decimalsFor, duration } from "./format.js";
import { MARGIN, paintHeatmap } from "./heat_painting.js";
import { complain } from "./notice.js";
import { cutTo } from "./span.js";
import { onThemeChange } from "./theme.js";

const LONGEST = 15 * 60 * 1000; // what the server rebuilds at most
const HEIGHT = 416;
const ROWS = 100;
const COLUMN = 3; // pixels
const POLL = 150;
const SETTLED = 250; // milliseconds without another zoom, before a book is rebuilt for it

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Heatmap {
  #columns = [];
  #prices = null; // {low, step}
  #span = { from: 0, to: 1 };
  #loading = new AbortController();
  #wait = 0;
  #asked = "";

  constructor(api, state, player) {
    Object.assign(this, { api, state, player });
    this.canvas = byId("heatmap");
    state.on("span product", () => this.#settle());
    byId("levels").addEventListener("input", () => this.#settle());
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
    if ((from !== this.#span.from || to !== this.#span.to) && !this.#wait) this.#settle();
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
    this.#wait = setTimeout(() => {
      this.#wait = 0;
      this.#load().catch(complain);
    }, SETTLED);
  }

  async #load() {
    const product = this.state.get("product");
    const span = cutTo(this.state.get("span"), LONGEST, this.state.get("at"));
    const question = { product, ...span, levels: byId("levels").value };
    const asked = JSON.stringify(question);
    if (!product || asked === this.#asked) return;
    this.#asked = asked;
    this.#loading.abort();
    this.#loading = new AbortController();
    this.#begin(span);
    try {
      await this.#collect({ ...question, columns: Math.ceil(this.#width / COLUMN), rows: ROWS });
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
      const answer = await this.api.get("heatmap", { ...question, after }, { signal });
      this.#columns.push(...answer.columns);
      this.#prices = answer.price_low === null ? null : { low: answer.price_low, step: answer.price_step };
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

  #paint() {
    const grid = { columns: this.#columns, prices: this.#prices, rows: ROWS, span: this.#span };
    paintHeatmap(this.canvas, this.canvas.parentElement.clientWidth, HEIGHT, grid);
  }
}
