// The trades up to now, the newest first, and the last price.

import { byId, fillRows, setText } from "./elements.js";
import { timeOfDay } from "./format.js";
import { latest } from "./latest.js";

const COUNT = 50;

export class Trades {
  constructor(api, state) {
    Object.assign(this, { api, state });
    this.ask = latest(this.#ask.bind(this), 500);
  }

  async #ask() {
    const product = this.state.get("product");
    if (!product) return;
    const { trades, last } = await this.api.get("trades", { product, at: this.state.get("at"), count: COUNT });
    setText(byId("last"), last ?? "–");
    const newest = trades.sort((a, b) => b.ms - a.ms);
    const body = byId("trade-rows");
    const start = this.state.get("start");
    fillRows(body, newest.map(({ ms, side, price, size }) => [timeOfDay(start + ms), side, price, size]));
    newest.forEach(({ side }, place) => {
      body.rows[place].className = side === "buy" || side === "sell" ? side : "";
    });
  }
}
