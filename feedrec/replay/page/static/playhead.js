// Where the replay is between two statuses: it goes on from the last one at the speed that it had.

export class Playhead {
  #anchor = { ms: 0, since: 0, rate: 0, end: Infinity };

  /** `now` is performance.now(), as in `at`. */
  take(status, now) {
    const rate = status.state === "playing" && status.speed !== "max" ? status.speed : 0;
    const end = status.duration_s === null ? Infinity : status.duration_s * 1000;
    this.#anchor = { ms: (status.offset_s ?? 0) * 1000, since: now, rate, end };
  }

  at(now) {
    const { ms, since, rate, end } = this.#anchor;
    return Math.min(ms + (now - since) * rate, Math.max(end, ms));
  }
}
