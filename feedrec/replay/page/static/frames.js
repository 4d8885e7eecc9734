// The frames around the playhead as a table, filtered, and one of them in full.

import { byId, fillRows, fillSelect, setLines, setText } from "./elements.js";
import { count, indented, timeOfDay } from "./format.js";
import { latest } from "./latest.js";
import { complain } from "./notice.js";

const PAGE = 100;
const KINDS = ["snapshot", "update", "heartbeat", "ack", "error", "other", "sent", "event"];
const FILTERS = ["channel", "product", "kind", "text"];

export class Frames {
  #page = {}; // next, previous
  #opened = null;

  constructor(api, state) {
    Object.assign(this, { api, state });
    this.body = byId("frame-rows");
    this.load = latest(this.#load.bind(this), 500);
    state.on("info", (info) => this.#showFilters(info));
    this.#listen();
  }

  #listen() {
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    for (const name of FILTERS) byId(`filter-${name}`).addEventListener("input", () => this.#showHere());
    byId("follow").addEventListener("change", () => this.follow());
    byId("earlier").addEventListener("click", () => this.#turn({ before: this.#page.previous }));
    byId("later").addEventListener("click", () => this.#turn({ after: this.#page.next }));
    byId("close-frame").addEventListener("click", () => this.close());
    this.body.addEventListener("click", ({ target }) => this.#open(target.closest("tr")));
    this.body.addEventListener("keydown", (event) => this.#onKey(event));
  }

  #showFilters({ channels, products }) {
    const all = [["", "all"]];
    fillSelect(byId("filter-channel"), all.concat(channels.map((name) => [name, name])));
    fillSelect(byId("filter-product"), all.concat(products.map((name) => [name, name])));
    fillSelect(byId("filter-kind"), all.concat(KINDS.map((name) => [name, name])));
  }

  /** Show what is at the playhead, if that is wanted. */
  follow() {
    if (byId("follow").checked) this.#showHere();
  }

  #showHere() {
    this.load({ at: this.state.get("at") });
  }

  #turn(place) {
    byId("follow").checked = false;
    this.load(place);
  }

  async #load(place) {
    const filters = Object.fromEntries(FILTERS.map((name) => [name, byId(`filter-${name}`).value]));
    const answer = await this.api.get("frames", { ...place, ...filters, count: PAGE });
    this.#page = answer;
    byId("earlier").disabled = answer.previous === null;
    byId("later").disabled = answer.next === null;
    this.#show(answer.rows);
    setText(byId("frames-note"), note(answer));
  }

  #show(rows) {
    const start = this.state.get("start");
    fillRows(this.body, rows.map((row) => cells(row, start)));
    rows.forEach((frame, place) => {
      const row = this.body.rows[place];
      row.dataset.key = frame.key;
      row.tabIndex = 0;
      row.className = frame.event ? "event" : frame.dir;
      row.ariaCurrent = String(frame.key === this.#opened);
    });
  }

  #onKey(event) {
    const row = event.target.closest("tr");
    const target = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[event.key];
    if (event.key === "Enter") this.#open(row);
    else if (target) target.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async #open(row) {
    if (!row) return;
    try {
      const frame = await this.api.get("frame", { key: row.dataset.key });
      this.#opened = row.dataset.key;
      this.#showFrame(frame);
      for (const other of this.body.rows) other.ariaCurrent = String(other === row);
    } catch (error) {
      complain(error);
    }
  }

  #showFrame({ time, text, is_cut: isCut, json }) {
    byId("frame").hidden = false;
    setText(byId("frame-title"), isCut ? `${time}, its beginning` : time);
    setLines(byId("frame-text"), json ? indented(text) : [text]);
    byId("frame-text").scrollTop = 0;
  }

  close() {
    if (byId("frame").hidden) return;
    byId("frame").hidden = true;
    const row = [...this.body.rows].find(({ dataset }) => dataset.key === this.#opened);
    this.#opened = null;
    row?.focus();
  }
}

function cells(frame, start) {
  const { products } = frame;
  const named = products.length > 1 ? `${products[0]} +${products.length - 1}` : (products[0] ?? "");
  const { ms, conn, sequence, size, head } = frame;
  return [timeOfDay(start + ms), conn ?? "", what(frame), named, sequence ?? "", count(size), head];
}

/** The channel and the kind of a frame, `sent`, or the name of an event. */
function what({ event, channel, kind }) {
  return event ? `event ${event}` : [channel, kind].filter(Boolean).join(" ");
}

function note({ rows, scanned_all: scannedAll }) {
  if (scannedAll) return rows.length ? "" : "No frame here.";
  return `${rows.length ? "No more" : "None"} in what was searched so far: “Later” goes on.`;
}
