// The keys of the terminal, and three to zoom.

const TYPES_INTO = "input:not([type=checkbox]), select, textarea";
const PRESSES = "button, summary, input[type=checkbox]";
const SCROLLS = ".scroll, pre";
const ARROWS = { ArrowLeft: -5000, ArrowRight: 5000, ArrowUp: 60000, ArrowDown: -60000 };

/** `controls`, `overview` and `frames` do what is asked for, `help` shows the keys. */
export function listenToKeys({ controls, overview, frames }, help) {
  const keys = {
    " ": () => controls.toggle(),
    ".": () => controls.player.step(),
    s: () => controls.player.step(),
    "+": () => controls.faster(),
    "=": () => controls.faster(), // where + needs Shift
    "-": () => controls.slower(),
    Backspace: () => controls.player.setSpeed(1),
    i: () => overview.zoom(0.5),
    o: () => overview.zoom(2),
    a: () => overview.whole(),
    Escape: () => frames.close(),
    "?": help,
    h: help,
  };
  for (const [arrow, ms] of Object.entries(ARROWS)) keys[arrow] = () => controls.skip(ms);
  for (let digit = 0; digit <= 9; digit += 1) keys[digit] = () => controls.toTenth(digit);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(keys, event.key)) return;
    if (isOfElement(event)) return;
    event.preventDefault();
    keys[event.key]();
  });
}

/** Whether what has the focus does something with the key itself. */
function isOfElement({ key, target }) {
  if (key === "Escape") return false;
  if (key === " " && target.matches(PRESSES)) return true;
  return target.matches(TYPES_INTO) || (key in ARROWS && target.closest(SCROLLS) !== null);
}
