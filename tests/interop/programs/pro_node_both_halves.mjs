// What a bot does with coinbase-pro-node: every public request, then the feed. Prints, as JSON, what it was told.
//
//     node pro_node_both_halves.mjs PRODUCT START END LAST

import { CoinbasePro, OrderBookLevel, WebSocketChannelName, WebSocketEvent } from "coinbase-pro-node";

const [product, start, end, last] = process.argv.slice(2);
const key = { apiKey: "any", apiSecret: "any", passphrase: "any" };
const client = new CoinbasePro({ ...key, httpUrl: process.env.FEEDREC_REST_URL, wsUrl: process.env.FEEDREC_URL });

async function ask() {
  const { rest } = client;
  return {
    time: await rest.time.getTime(),
    currencies: await rest.currency.listCurrencies(),
    products: await rest.product.getProducts(),
    product: await rest.product.getProduct(product),
    ticker: await rest.product.getProductTicker(product),
    stats: await rest.product.getProductStats(product),
    best: await rest.product.getProductOrderBook(product),
    book: await rest.product.getProductOrderBook(product, { level: OrderBookLevel.TOP_50_BIDS_AND_ASKS }),
    trades: await rest.product.getTrades(product, { limit: 5 }),
    candles: await rest.product.getCandles(product, { granularity: 60, start, end }),
    missing: await rest.product.getProduct("NO-SUCH").catch((error) => error.response.data),
  };
}

const told = { first: await ask() };
await new Promise((resolve) => {
  client.ws.on(WebSocketEvent.ON_MESSAGE_TICKER, resolve);
  client.ws.on(WebSocketEvent.ON_OPEN, () => {
    client.ws.subscribe([{ name: WebSocketChannelName.TICKER, product_ids: [product] }]);
  });
  client.ws.connect();
});
do {
  await new Promise((resolve) => setTimeout(resolve, 50));
  told.last = await ask();
} while (String(told.last.trades.data[0].trade_id) !== last);
told.last = await ask(); // what came with the last trade
client.ws.disconnect();
console.log(JSON.stringify(told));
