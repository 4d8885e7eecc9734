// What is asked of the server. A token comes with the address once, and is kept for the session only.

const KEPT = "feedrec-token";

/** Take the token out of the address bar, where a screenshot or a bookmark would have it. */
export function takeToken() {
  const address = new URL(location.href);
  const token = address.searchParams.get("token");
  if (token === null) return sessionStorage.getItem(KEPT);
  sessionStorage.setItem(KEPT, token);
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
  return token;
}

/** Nobody answers: `Api` has told so already. */
export class Unreachable extends Error {
  name = "Unreachable";
}

export class Api {
  // Of each view, the newest question of a kind is answered: another tab has another one.
  #view = Math.random().toString(36).slice(2);

  constructor(token, unreachable) {
    this.token = token;
    this.unreachable = unreachable; // called with true or false after each question
  }

  /** The address of `path` below `/_feedrec/`; what is undefined, null or empty is left out. */
  address(path, parameters = {}) {
    const address = new URL(path, new URL(".", location.href));
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined && value !== null && value !== "") address.searchParams.set(name, value);
    }
    if (this.token) address.searchParams.set("token", this.token);
    return address;
  }

  get events() {
    const address = this.address("events");
    address.protocol = address.protocol.replace("http", "ws");
    return address;
  }

  get(name, parameters = {}, { signal, view = "" } = {}) {
    return this.#ask(this.address(`api/${name}`, { ...parameters, view: this.#view + view }), { signal });
  }

  status() {
    return this.#ask(this.address("status"), {});
  }

  steer(name, parameters) {
    return this.#ask(this.address(name, parameters), { method: "POST" });
  }

  async #ask(address, options) {
    let answer;
    try {
      answer = await fetch(address, { cache: "no-store", ...options });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      this.unreachable(true);
      throw new Unreachable();
    }
    this.unreachable(false);
    if (!answer.ok) throw new Error(await problemOf(answer));
    return answer.json();
  }
}

async function problemOf(answer) {
  const problem = await answer.json().catch(() => ({}));
  return problem.detail ?? problem.title ?? `The server answered ${answer.status}.`;
}
