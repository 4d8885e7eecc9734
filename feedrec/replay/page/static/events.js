// The WebSocket of events: status and ladder as they change; opened again for as long as the page is open.

const FIRST_DELAY = 500;
const LONGEST_DELAY = 10000;

export class Events {
  #socket = null;
  #delay = FIRST_DELAY;
  #wanted = null;

  /** `hear` has a function for each type of message, `open` and `gone` (with the milliseconds to the next attempt). */
  constructor(address, hear) {
    this.address = address;
    this.hear = hear;
    this.#open();
  }

  /** Ask for the ladder of a product, now and after each reconnect. */
  wantLadder(product) {
    this.#wanted = product;
    this.#ask();
  }

  #ask() {
    if (this.#wanted !== null && this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ ladder: this.#wanted }));
    }
  }

  #open() {
    this.#socket = new WebSocket(this.address);
    this.#socket.onopen = () => {
      this.#delay = FIRST_DELAY;
      this.hear.open();
      this.#ask();
    };
    this.#socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      this.hear[message.type]?.(message);
    };
    this.#socket.onclose = () => {
      this.hear.gone(this.#delay);
      setTimeout(() => this.#open(), this.#delay);
      this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY);
    };
  }
}
