// Who is connected: what they subscribed, how far they are, and how late their frames were.

import { byId, fillRows, fillSelect } from "./elements.js";
import { count, duration, epoch, figure, times } from "./format.js";

export class Clients {
  constructor(state) {
    state.on("status", ({ clients }) => this.show(clients, state.get("start")));
  }

  show(clients, start) {
    byId("no-clients").hidden = clients.length > 0;
    byId("client-table").hidden = clients.length === 0;
    fillRows(byId("client-rows"), clients.map((client) => cells(client, start)));
    const numbers = clients.map(({ client }) => [String(client), `client ${client}`]);
    fillSelect(byId("steered"), [["", "all clients"], ...numbers]);
    byId("steering").hidden = clients.length < 2;
  }
}

function cells(client, start) {
  const at = client.present === null ? "–" : duration(epoch(client.present) - start);
  const late = client.lateness_ms;
  return [
    `${client.client} ${client.address}`,
    client.state,
    at,
    times(client.speed),
    count(client.frames),
    late ? `${figure(late.p50)} / ${figure(late.p99)} / ${figure(late.max)}` : "–",
    subscriptions(client.subscribed ?? {}),
  ];
}

/** `ticker BTC-USD, ETH-USD; heartbeats`. */
function subscriptions(subscribed) {
  const all = Object.entries(subscribed).map(([channel, products]) => `${channel} ${products.join(", ")}`.trim());
  return all.join("; ") || "nothing yet";
}
