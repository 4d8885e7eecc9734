// What happened to the recording or in the replay: a sign over the timeline, and a line in the list below it.

import { duration } from "./format.js";
import { byId, make, setText } from "./elements.js";

// Each kind has a shape beside its colour, which not everybody sees. The colours are variables of style.css.
const KINDS = {
  gap: { sign: "▼", one: "gap", many: "gaps" },
  reconnect: { sign: "↻", one: "connection change", many: "connection changes" },
  refused: { sign: "✕", one: "refused connection", many: "refused connections" },
  fault: { sign: "◆", one: "fault", many: "faults" },
  pause: { sign: "‖", one: "pause", many: "pauses" },
  clock: { sign: "◷", one: "step of the clock", many: "steps of the clock" },
  other: { sign: "•", one: "other", many: "others" },
};
const LISTED = 200;

const kindOf = (mark) => (Object.hasOwn(KINDS, mark.kind) ? mark.kind : "other");

/** Draw the marks into a chart of uPlot, after its lines. */
export function drawMarks(chart, marks, colourOf) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.lineWidth = devicePixelRatio;
  for (const mark of marks) {
    const x = Math.round(chart.valToPos(mark.ms, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const kind = kindOf(mark);
    ctx.strokeStyle = ctx.fillStyle = colourOf(`--mark-${kind}`);
    ctx.globalAlpha = 0.45;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fillText(KINDS[kind].sign, x, bbox.top - 13 * devicePixelRatio);
  }
  ctx.restore();
}

/** The mark that is nearest to a moment and at most `within` milliseconds from it. */
export function nearest(marks, ms, within) {
  let found = null;
  for (const mark of marks) {
    const distance = Math.abs(mark.ms - ms);
    if (distance <= within && (found === null || distance < Math.abs(found.ms - ms))) found = mark;
  }
  return found;
}

/** `2 gaps, 1 reconnect`: what there is, in the order of KINDS. */
function summary(marks, leftOut) {
  const numbers = Object.entries(KINDS).map(([kind, { sign, one, many }]) => {
    const number = marks.filter((mark) => kindOf(mark) === kind).length;
    return number ? `${sign} ${number} ${number === 1 ? one : many}` : "";
  });
  const said = numbers.filter(Boolean).join(", ") || "No gap, no lost connection, no fault in view";
  return leftOut ? `${said}, and ${leftOut} more: zoom in` : said;
}

/** List the marks: each is a button that seeks to it. */
export function listMarks(marks, leftOut, seek) {
  setText(byId("marks").querySelector("summary"), summary(marks, leftOut));
  byId("mark-list").replaceChildren(
    ...marks.slice(0, LISTED).map((mark) => {
      const row = make("li");
      const button = make("button", `${KINDS[kindOf(mark)].sign} ${duration(mark.ms)}`, `mark ${kindOf(mark)}`);
      button.addEventListener("click", () => seek(mark.ms));
      row.append(button, make("span", mark.text));
      return row;
    }),
  );
}
