// Questions that come faster than answers.

import { complain } from "./notice.js";

/**
 * A function that asks with the newest arguments: one question at a time, the next at the earliest `pause` milliseconds
 * after an answer. What was asked in between is left out.
 */
export function latest(ask, pause) {
  let busy = false;
  let waiting = null;
  const run = async (values) => {
    busy = true;
    await ask(...values).catch(complain);
    setTimeout(goOn, pause);
  };
  const goOn = () => {
    busy = false;
    if (waiting === null) return;
    const values = waiting;
    waiting = null;
    run(values);
  };
  return (...values) => {
    if (busy) waiting = values;
    else run(values);
  };
}
