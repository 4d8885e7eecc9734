// What steers: the replay, by the server, or where there is none, a cursor of this page.

import { epoch, rfc3339 } from "./format.js";

const [SLOWEST, FASTEST] = [1 / 1024, 1024];

/** Twice a speed; above 1,024 it is as fast as clients read. As the keys of the terminal do. */
export const doubled = (speed) => (speed === "max" || speed >= FASTEST ? "max" : speed * 2);

/** Half a speed; what is as fast as clients read becomes 1,024. */
export const halved = (speed) => (speed === "max" ? FASTEST : Math.max(speed / 2, Math.min(speed, SLOWEST)));

export class ReplayPlayer {
  /** `told` gets each new status, `complain` what was refused; `client` gives the number of who is steered, or "". */
  constructor(api, told, complain, info, client) {
    Object.assign(this, { api, told, complain, client });
    this.start = epoch(info.start);
  }

  play = () => this.#steer("resume");
  pause = () => this.#steer("pause");
  step = () => this.#steer("step", { frames: 1 });
  seek = (ms) => this.#steer("seek", { to: rfc3339(this.start + Math.max(0, ms)) });
  setSpeed = (speed) => this.#steer("speed", { value: speed });

  async #steer(name, parameters = {}) {
    try {
      const answer = await this.api.steer(name, { ...parameters, client: this.client() });
      if (answer.state) this.told(answer);
    } catch (error) {
      this.complain(error);
    }
  }
}

export class LocalCursor {
  constructor(api, told, complain, info) {
    Object.assign(this, { api, told, complain });
    this.begin = info.from_ms;
    this.end = info.duration_ms;
    this.status = { state: "paused", speed: 1, at: this.begin, clients: [] };
    this.since = performance.now();
  }

  get #at() {
    const { state, speed, at } = this.status;
    const run = state === "playing" ? (performance.now() - this.since) * speed : 0;
    return Math.min(at + run, this.end);
  }

  #become(change, at = this.#at) {
    this.status = { ...this.status, ...change, at };
    this.since = performance.now();
    this.told(this.status);
  }

  play = () => this.#become({ state: "playing" }, this.#at >= this.end ? this.begin : this.#at);
  pause = () => this.#become({ state: "paused" });
  seek = (ms) => this.#become({}, Math.min(Math.max(this.begin, ms), this.end));
  setSpeed = (speed) => this.#become({ speed: speed === "max" ? FASTEST : speed });

  /** To the next frame. */
  step = async () => {
    const at = this.#at;
    try {
      const { rows } = await this.api.get("frames", { at, count: 20 }, { view: "step" });
      const next = rows.find(({ ms }) => ms > at);
      this.#become({ state: "paused" }, next ? next.ms : at);
    } catch (error) {
      this.complain(error);
    }
  };

  /** Called as time passes: it ends at the end. */
  tick() {
    if (this.status.state === "playing" && this.#at >= this.end) this.pause();
  }
}
