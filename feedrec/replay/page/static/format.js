// Numbers, times and text as people read them.

// As feedrec/visible.py: controls, marks of direction, separators of lines, characters without width.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const UNSEEN_TAGS = /[\u{e0000}-\u{e007f}]/gu;

const escaped = (character) => {
  const code = character.codePointAt(0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
};

/** Text on which nothing is hidden and nothing turns around: `\u001b` for an escape. */
export function visible(text) {
  return String(text).replace(INVISIBLE, escaped).replace(UNSEEN_TAGS, escaped);
}

const pad = (number, width = 2) => String(number).padStart(width, "0");

/** `1:02:03.456` for milliseconds since the start of the recording. */
export function duration(ms, decimals = 3) {
  const whole = Math.max(0, Math.floor(ms));
  const [hours, minutes] = [Math.floor(whole / 3600000), Math.floor(whole / 60000) % 60];
  const seconds = pad(Math.floor(whole / 1000) % 60);
  const fraction = decimals ? `.${pad(whole % 1000, 3).slice(0, decimals)}` : "";
  return `${hours ? `${hours}:${pad(minutes)}` : minutes}:${seconds}${fraction}`;
}

/** As many decimals as tell the ends of a span apart. */
export const decimalsFor = (ms) => (ms < 2000 ? 3 : ms < 20000 ? 1 : 0);

/** Milliseconds since 1970, with a fraction, of RFC 3339 in UTC. */
export function epoch(text) {
  const [seconds, fraction = ""] = text.replace("Z", "").split(".");
  return Date.parse(`${seconds}Z`) + Number(`0.${fraction}`) * 1000;
}

/** RFC 3339 in UTC, to the microsecond. */
export function rfc3339(ms) {
  const microseconds = Math.round((ms % 1000) * 1000);
  const whole = new Date(Math.floor(ms / 1000) * 1000 + Math.floor(microseconds / 1000));
  return `${whole.toISOString().slice(0, -1)}${pad(microseconds % 1000, 3)}Z`;
}

/** `2026-11-21 17:00:00.423` UTC. */
export function clock(ms) {
  return new Date(ms).toISOString().replace("T", " ").replace("Z", "");
}

/** The time of day alone, with `decimals` of the second. */
export function timeOfDay(ms, decimals = 3) {
  return new Date(ms).toISOString().slice(11, decimals ? 20 + decimals : 19);
}

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const count = (number) => WHOLE.format(number);

/** `0.31`, `12.4`, `1,203`: three digits that matter, or all of them. */
export function figure(number) {
  if (number === null || number === undefined) return "–";
  if (number >= 100) return count(number);
  return number === 0 ? "0" : number.toFixed(number >= 10 ? 1 : 2);
}

/** `2,500`, `0.5`: as an axis has it. */
export const plain = (number) => number.toLocaleString("en-US", { maximumFractionDigits: 3 });

/** A speed: `2×`, `0.25×`, `1/64×`, or `max`, as fast as clients read. */
export function times(speed) {
  if (typeof speed !== "number") return speed;
  return speed < 0.1 ? `1/${Math.round(1 / speed)}×` : `${Number(speed.toFixed(3))}×`;
}

/**
 * The lines of JSON, one for each value, indented by its depth, and each token as it was written: a number of 20
 * digits, or `1.10`, stays what it is, which it would not through JSON.parse.
 */
export function indented(json) {
  const lines = [""];
  let depth = 0;
  const begin = () => lines.push("  ".repeat(depth));
  const add = (token) => lines.push(lines.pop() + token);
  for (const [token] of json.matchAll(/[[{]\s*[\]}]|"(?:[^"\\]|\\.)*"?|[[\]{},:]|[^\s"[\]{},:]+/g)) {
    if (token === "]" || token === "}") {
      depth = Math.max(0, depth - 1);
      begin();
    }
    add(token === ":" ? ": " : token);
    if (token === "[" || token === "{") depth += 1;
    if (token === "[" || token === "{" || token === ",") begin();
  }
  return lines;
}
