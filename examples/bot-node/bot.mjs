// A small bot for Coinbase Advanced Trade: the order book of one product, and a signal from it.
//
// It buys when much more is bid than offered near the middle of the book and the last trade was a purchase, and sells in
// the opposite case. It places no orders; it says what it would do.
//
//     node bot.mjs                                                the live market
//     feedrec replay ../bot/feeds/btc-usd.jsonl -- node bot.mjs   a recording

import { pathToFileURL } from "node:url";
import WebSocket from "ws";

const VENUE = process.env.FEEDREC_URL ?? "wss://advanced-trade-ws.coinbase.com";
const CHANNELS = ["level2", "market_trades"];
const DEPTH = 5; // levels of each side that count
const LEAN = 0.5; // how lopsided the book must be: 0 is balanced, 1 has one side only

/** The order book of one product: sizes by price. */
export class Book {
  bids = new Map();
  offers = new Map();

  /** Take an event of the channel l2_data: a snapshot, or an update. */
  apply(event) {
    if (event.type === "snapshot") {
      this.bids.clear();
      this.offers.clear();
    }
    for (const { side, price_level, new_quantity } of event.updates) {
      const levels = side === "bid" ? this.bids : this.offers;
      if (Number(new_quantity) === 0) levels.delete(Number(price_level));
      else levels.set(Number(price_level), Number(new_quantity));
    }
  }

  get bestBid() {
    return Math.max(...this.bids.keys());
  }

  get bestOffer() {
    return Math.min(...this.offers.keys());
  }

  /** How much more is bid than offered: from -1, nothing is bid, to 1, nothing is offered. */
  get lean() {
    const total = (levels, order) =>
      [...levels.keys()].sort(order).slice(0, DEPTH).reduce((sum, price) => sum + levels.get(price), 0);
    const bid = total(this.bids, (a, b) => b - a);
    const offered = total(this.offers, (a, b) => a - b);
    return (bid - offered) / (bid + offered);
  }
}

/** What the bot knows; it gets the messages of the venue, and has no connection itself. */
export class Bot {
  book = new Book();
  lastTrade = null; // the side of who came last
  position = null;
  #sequence = -1;

  constructor(product) {
    this.product = product;
  }

  /** Take a message of the venue; give the signal that follows from it, or null. */
  onMessage(message) {
    const frame = JSON.parse(message);
    this.#sequence += 1;
    if (frame.sequence_num !== this.#sequence) {
      throw new Error(`expected message ${this.#sequence}, got ${frame.sequence_num}`);
    }
    for (const event of frame.events) {
      if (frame.channel === "l2_data") this.book.apply(event);
      else if (frame.channel === "market_trades") this.lastTrade = event.trades[0].side; // that of the maker
    }
    return this.#decide(frame.timestamp);
  }

  #decide(time) {
    if (this.book.bids.size === 0 || this.book.offers.size === 0) return null;
    const lean = this.book.lean;
    if (lean > LEAN && this.lastTrade === "SELL" && this.position !== "buy") {
      this.position = "buy";
      return { time, side: "buy", price: this.book.bestOffer };
    }
    if (lean < -LEAN && this.lastTrade === "BUY" && this.position !== "sell") {
      this.position = "sell";
      return { time, side: "sell", price: this.book.bestBid };
    }
    return null;
  }
}

/** Connect and subscribe; call `onSignal` with each signal. Resolves when the venue closes the connection. */
export function run(bot, url = VENUE, onSignal = () => {}) {
  return new Promise((resolve, reject) => {
    const venue = new WebSocket(url);
    venue.on("error", reject);
    venue.on("open", () => {
      for (const channel of CHANNELS) {
        venue.send(JSON.stringify({ type: "subscribe", channel, product_ids: [bot.product] }));
      }
    });
    venue.on("message", (message) => {
      try {
        const signal = bot.onMessage(message);
        if (signal !== null) onSignal(signal);
      } catch (error) {
        reject(error);
        venue.terminate();
      }
    });
    venue.on("close", (code) => (code === 1000 ? resolve() : reject(new Error(`connection lost: code ${code}`))));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await run(new Bot("BTC-USD"), VENUE, ({ time, side, price }) => console.log(time, side, price));
}
