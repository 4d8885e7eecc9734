// Where the replay is between two statuses: it goes on from the last one at the speed that it had.

export class Playhead {
  #anchor = { ms: 0, since: 0, rate: 0, end: Infinity };

  /** Take a status, and where the recording ends in milliseconds; `now` is performance.now(), as in `at`. */
  take({ state, speed, at }, end, now) {
    const rate = state === "playing" && speed !== "max" ? speed : 0;
    this.#anchor = { ms: at, since: now, rate, end };
  }

  at(now) {
    const { ms, since, rate, end } = this.#anchor;
    return Math.min(ms + (now - since) * rate, Math.max(end, ms));
  }
}
