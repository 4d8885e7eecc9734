// Puts the page together: what is asked first, what hears of what, and what happens as time passes.

import { Api, takeToken } from "./api.js";
import { Clients } from "./clients.js";
import { Controls } from "./controls.js";
import { byId, fillSelect, setText } from "./elements.js";
import { Events } from "./events.js";
import { epoch } from "./format.js";
import { Frames } from "./frames.js";
import { Heatmap } from "./heatmap.js";
import { listenToKeys } from "./keys.js";
import { Ladder } from "./ladder.js";
import { latest } from "./latest.js";
import { complain, sayGone } from "./notice.js";
import { Overview } from "./overview.js";
import { LocalCursor, ReplayPlayer } from "./players.js";
import { Playhead } from "./playhead.js";
import { State } from "./state.js";
import { Trades } from "./trades.js";
import { keepView, keptView } from "./view.js";

const TICK = 100; // milliseconds between two looks at where the playhead is
const RETRY = 2000;
const STALE = 1000; // an older status is asked for while it plays
const GROWTH = 3000; // between two looks at whether a recording grew

const state = new State();
const playhead = new Playhead();
const parts = {};
const api = new Api(takeToken(), (gone) => (gone ? sayServerGone() : sayGone("")));
let told = 0;

const isPlaying = () => state.get("status")?.state === "playing";

function sayServerGone() {
  const ended = state.get("status")?.state === "ended";
  const why = ended ? "The replay has ended" : "The replay has ended, or was stopped";
  sayGone(`${why}: the server is gone. It is tried again.`);
  setText(byId("state"), "gone");
  byId("state").className = "badge gone";
}

/** The status as the one client has it that is steered, if not all are. */
function ofSteered(status) {
  const one = status.clients.find(({ client }) => String(client) === byId("steered").value);
  return one ? { ...status, state: one.state, speed: one.speed, present: one.present } : status;
}

/** Take a status, of the replay or of the page's own cursor, which says `at` itself. */
function tell(whole) {
  const status = ofSteered(whole);
  const before = state.get("status");
  told = performance.now();
  const first = state.get("whole").from;
  const at = status.at ?? (status.present === null ? first : epoch(status.present) - state.get("start"));
  playhead.take({ ...status, at }, state.get("info").duration_ms, told);
  state.set("status", status);
  state.set("at", playhead.at(told));
  if (before && before.faults !== status.faults) parts.overview.refresh();
}

function build(info) {
  parts.player = info.is_replay
    ? new ReplayPlayer(api, tell, complain, info, () => byId("steered").value)
    : new LocalCursor(api, tell, complain, info);
  parts.ladder = new Ladder(api, state);
  parts.trades = new Trades(api, state);
  parts.frames = new Frames(api, state);
  parts.controls = new Controls(state, parts.player);
  parts.overview = new Overview(api, state, parts.player);
  parts.heatmap = new Heatmap(api, state, parts.player);
  parts.clients = new Clients(state);
  listenToKeys(parts, () => byId("keys").toggleAttribute("open"));
}

/** All that shows a moment asks for what is there; the book is sent by the replay while it plays. */
function showMoment() {
  parts.trades.ask();
  parts.frames.follow();
  if (!isPlaying() || !state.get("info").is_replay) parts.ladder.ask();
}

/** Show what was in view before, or all of it. */
function setView(info) {
  const kept = keptView();
  const products = info.has_book.length ? info.has_book : info.products;
  fillSelect(byId("product"), info.products.map((name) => [name, name]));
  byId("product").value = info.products.includes(kept.product) ? kept.product : (products[0] ?? "");
  state.set("product", byId("product").value);
  state.set("span", kept.span ?? state.get("whole"));
  byId("product").addEventListener("input", () => state.set("product", byId("product").value));
  state.on("span product", () => keepView(state.get("span"), state.get("product"), state.get("whole")));
}

/** Take what the recordings are; if they have grown, and all was in view, the rest comes into view too. */
function takeInfo(info) {
  const before = state.get("info");
  if (before && before.start !== info.start) return location.reload(); // another replay is there now
  const wasAll = JSON.stringify(state.get("span")) === JSON.stringify(state.get("whole"));
  state.set("info", info);
  if (before && before.duration_ms === info.duration_ms) return;
  state.set("whole", wholeOf(info));
  if (before && wasAll) state.set("span", state.get("whole"));
}

const wholeOf = ({ from_ms: from, duration_ms: to }) => ({ from, to: Math.max(from + 1, to) });

function connect() {
  const hear = {
    status: tell,
    ladder: (book) => book.product === state.get("product") && parts.ladder.show(book),
    open: latest(async () => takeInfo(await api.get("info")), 0),
    gone: sayServerGone,
  };
  const events = new Events(api.events, hear);
  byId("steered").addEventListener("input", () => askStatus());
  state.on("product", (product) => events.wantLadder(product));
  events.wantLadder(state.get("product"));
}

const askStatus = latest(async () => tell(await api.status()), STALE);
const askInfo = latest(async () => takeInfo(await api.get("info")), GROWTH);

function tick() {
  if (document.hidden) return;
  state.set("at", playhead.at(performance.now()));
  const { is_replay: isReplay, grows } = state.get("info");
  if (!isReplay) parts.player.tick();
  else if (isPlaying() && performance.now() - told > STALE) askStatus();
  if (grows) askInfo();
}

async function firstInfo() {
  for (;;) {
    try {
      return await api.get("info");
    } catch (error) {
      complain(error);
      await new Promise((done) => setTimeout(done, RETRY));
    }
  }
}

async function main() {
  const info = await firstInfo();
  setText(byId("endpoints"), info.endpoints.join(", "));
  state.set("start", epoch(info.start));
  state.set("whole", wholeOf(info));
  state.set("at", info.from_ms);
  build(info);
  setView(info);
  state.set("info", info);
  state.on("at product", showMoment);
  state.tell("at");
  if (info.is_replay) connect();
  else parts.player.pause();
  setInterval(tick, TICK);
}

main();
