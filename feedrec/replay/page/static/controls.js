// The buttons, and the line of facts that goes with them.

import { byId, setText } from "./elements.js";
import { clock, count, duration, figure, times } from "./format.js";
import { doubled, halved } from "./players.js";

const SKIP = 5000; // milliseconds, as the arrows of the terminal skip them

export class Controls {
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

  toggle() {
    if (this.state.get("status")?.state === "playing") this.player.pause();
    else this.player.play();
  }

  skip(ms) {
    this.player.seek(Math.max(this.state.get("whole").from, this.state.get("at") + ms));
  }

  /** To so many tenths of the recording. */
  toTenth(tenths) {
    const { from, to } = this.state.get("whole");
    this.player.seek(from + ((to - from) * tenths) / 10);
  }

  faster() {
    this.player.setSpeed(doubled(this.state.get("status").speed));
  }

  slower() {
    this.player.setSpeed(halved(this.state.get("status").speed));
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
