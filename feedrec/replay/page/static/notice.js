// The one line above all else: that the server is gone, or what it did not do and why.

import { byId, setText } from "./elements.js";

const SHOWN_FOR = 8000;

let gone = "";
let hiding = 0;

function show(text) {
  const line = byId("notice");
  line.hidden = text === "";
  line.classList.toggle("gone", gone !== "");
  setText(line, text);
}

/** Nobody answers: said as long as that is so, each other line is about what nobody can do now. */
export function sayGone(text) {
  gone = text;
  show(text);
}

/** Say what went wrong, for a while; not what was given up for something newer, or not answered at all. */
export function complain(error) {
  if (error.name === "AbortError" || error.name === "Unreachable") return;
  clearTimeout(hiding);
  hiding = setTimeout(() => gone || show(""), SHOWN_FOR);
  show(error.message);
}
