// What the parts of the page share: each value has a name, and listeners that are told when it changes.
//
//   info      the answer of api/info
//   whole     {from, to}: what is replayed, in milliseconds since the start
//   status    the newest status of the replay, or of the local cursor
//   at        where the playhead is, in milliseconds since the start
//   span      {from, to}: what of the recording is in view
//   product   the product whose book and trades are shown
//   reachable whether the server answers

export class State {
  #values = new Map();
  #listeners = new Map();

  get(name) {
    return this.#values.get(name);
  }

  set(name, value) {
    if (this.#values.get(name) === value) return;
    this.#values.set(name, value);
    this.tell(name);
  }

  /** Tell the listeners of a value, also if it is what it was. */
  tell(name) {
    for (const listener of this.#listeners.get(name) ?? []) listener(this.get(name));
  }

  on(names, listener) {
    for (const name of names.split(" ")) {
      if (!this.#listeners.has(name)) this.#listeners.set(name, []);
      this.#listeners.get(name).push(listener);
    }
  }
}
