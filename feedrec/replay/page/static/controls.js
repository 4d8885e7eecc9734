// The buttons, and the line of facts that goes with them.

import { byId, setText } from "./elements.js";
import { clock, count, duration, figure, times } from "./format.js";
import { doubled, halved } from "./players.js";

const SKIP = 5000; // milliseconds, as the arrows of the terminal skip them

export class Controls {
  #asked = {};

  constructor(state, player) {
    Object.assign(this, { state, player });
    const buttons = {
      play: () => this.toggle(),
      step: () => player.step(),
      back: () => this.skip(-SKIP),
      forward: () => this.skip(SKIP),
      slower: () => this.slower(),
      faster: () => this.faster(),
    };
    for (const [id, press] of Object.entries(buttons)) byId(id).addEventListener("click", press);
    state.on("status", (status) => this.#showStatus(status));
    state.on("info", (info) => setText(byId("duration"), `of ${duration(info.duration_ms)}`));
    state.on("at", (at) => this.#showPosition(at));
  }

  /** What is, or what was asked for and is not answered yet: keys come faster than answers. */
  #now(name) {
    return this.#asked[name] ?? (name === "at" ? this.state.get("at") : this.state.get("status")[name]);
  }

  async #ask(name, value, act) {
    this.#asked[name] = value;
    await act(value);
    if (this.#asked[name] === value) delete this.#asked[name];
  }

  toggle() {
    if (this.#now("state") === "playing") this.#ask("state", "paused", this.player.pause);
    else this.#ask("state", "playing", this.player.play);
  }

  skip(ms) {
    this.#ask("at", Math.max(this.state.get("whole").from, this.#now("at") + ms), this.player.seek);
  }

  /** To so many tenths of what is replayed. */
  toTenth(tenths) {
    const { from, to } = this.state.get("whole");
    this.#ask("at", from + ((to - from) * tenths) / 10, this.player.seek);
  }

  faster() {
    this.#ask("speed", doubled(this.#now("speed")), this.player.setSpeed);
  }

  slower() {
    this.#ask("speed", halved(this.#now("speed")), this.player.setSpeed);
  }

  #showStatus(status) {
    setText(byId("play"), status.state === "playing" ? "Pause" : "Play");
    setText(byId("speed"), times(status.speed));
    const badge = byId("state");
    setText(badge, status.state);
    badge.className = `badge ${status.state}`;
    setText(byId("facts"), facts(status).join(" · "));
  }

  #showPosition(at) {
    setText(byId("position"), duration(at));
    setText(byId("clock"), `${clock(this.state.get("start") + at)} UTC`);
  }
}

function facts({ clients, frames, frames_per_second: rate, lateness_ms: late, faults }) {
  if (frames === undefined) return ["no replay: a cursor of this page"];
  const said = [`${clients.length} ${clients.length === 1 ? "client" : "clients"}`, `${count(frames)} frames`];
  if (rate) said.push(`${figure(rate)} frames/s`);
  if (late) said.push(`late ${figure(late.p99)} ms (p99), ${figure(late.max)} ms at most`);
  if (faults) said.push(`${count(faults)} ${faults === 1 ? "fault" : "faults"}`);
  return said;
}
