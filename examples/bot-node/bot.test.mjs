// The bot, tested on a recorded market: no network, no waiting, the same result each time.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Bot, run } from "./bot.mjs";
import { replay } from "./replay.mjs";

const RECORDING = fileURLToPath(new URL("../bot/feeds/btc-usd.jsonl", import.meta.url));

let feed;
before(async () => (feed = await replay(RECORDING)));
after(() => feed.close());

test("what the bot would have done", async () => {
  const signals = [];
  await run(new Bot("BTC-USD"), feed.url, ({ side, price }) => signals.push([side, price]));
  assert.deepEqual(signals, [
    ["sell", 91374.18],
    ["buy", 91374.28],
    ["sell", 91374.87],
    ["buy", 91374.64],
  ]);
});

test("the book is never crossed", async () => {
  class Watched extends Bot {
    onMessage(message) {
      const signal = super.onMessage(message);
      assert.ok(this.book.bids.size === 0 || this.book.bestBid < this.book.bestOffer);
      return signal;
    }
  }
  const bot = new Watched("BTC-USD");
  await run(bot, feed.url);
  assert.deepEqual([bot.book.bestBid, bot.book.bestOffer], [91373.89, 91373.92]);
});

test("a message that was lost is noticed", () => {
  const bot = new Bot("BTC-USD");
  const message = (sequence_num) => JSON.stringify({ channel: "subscriptions", sequence_num, events: [] });
  bot.onMessage(message(0));
  assert.throws(() => bot.onMessage(message(2)), /expected message 1, got 2/);
});

test("a connection that is lost is an error", async () => {
  const unstable = await replay(RECORDING, "--set", "close_after=50", "--set", "close_code=1006");
  try {
    await assert.rejects(run(new Bot("BTC-USD"), unstable.url), /connection lost: code 1006/);
  } finally {
    await unstable.close();
  }
});
