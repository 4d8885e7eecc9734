// The book as of now: the best levels of both sides, the best of them in the middle, with their sizes as bars.

import { byId, fillRows, setText } from "./elements.js";
import { latest } from "./latest.js";

const LEVELS = 12;

export class Ladder {
  constructor(api, state) {
    Object.assign(this, { api, state });
    this.ask = latest(this.#ask.bind(this), 250);
    state.on("product", () => this.#clear());
    this.#clear();
  }

  async #ask() {
    const product = this.state.get("product");
    if (product) this.show(await this.api.get("ladder", { product, at: this.state.get("at"), levels: LEVELS }));
  }

  #clear() {
    this.show({ known: false, why: this.state.get("product") ? "" : "No book is recorded." });
  }

  /** `book` is the answer of api/ladder, or a message of the events. */
  show(book) {
    setText(byId("ladder-why"), book.known ? "" : (book.why ?? "The book is not known here."));
    const [bids, asks] = [book.bids ?? [], book.asks ?? []].map((levels) => levels.slice(0, LEVELS));
    const largest = Math.max(...[...bids, ...asks].map(([, size]) => Number(size)), 0) || 1;
    this.#fill(byId("asks"), asks.toReversed(), largest);
    this.#fill(byId("bids"), bids, largest);
    setText(byId("spread"), spread(bids[0], asks[0]));
  }

  #fill(body, levels, largest) {
    fillRows(body, levels.map(([price, size]) => [size, price]));
    levels.forEach(([, size], place) => body.rows[place].style.setProperty("--share", Number(size) / largest));
  }
}

/** What lies between the best prices, with as many decimals as they have. */
function spread(bid, ask) {
  if (!bid || !ask) return "–";
  const decimals = Math.max(...[bid, ask].map(([price]) => price.split(".")[1]?.length ?? 0));
  return (Number(ask[0]) - Number(bid[0])).toFixed(Math.min(decimals, 20));
}
