// The timeline: frames per second, what happened, and the playhead. A click seeks, a drag or the wheel zooms.

/* global uPlot */

import { byId, setText } from "./elements.js";
import { decimalsFor, duration, figure, plain, timeOfDay } from "./format.js";
import { latest } from "./latest.js";
import { drawMarks, listMarks, nearest } from "./marks.js";
import { following, zoomed } from "./span.js";
import { colourOf, onThemeChange } from "./theme.js";

const HEIGHT = 148;
const STEPS = [1, 2, 5].flatMap((digit) => [digit, digit * 10, digit * 100]).sort((a, b) => a - b);
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 172800, 604800];
const FINEST = 100; // milliseconds of a bucket: narrower ones show single frames as peaks
const REFINED = 700; // milliseconds between two looks at what is new
const HINT = "Drag to zoom, click to seek.";

export class Overview {
  #marks = [];
  #data = [[0], [0]];
  #refreshing = null;

  constructor(api, state, player) {
    Object.assign(this, { api, state, player });
    this.box = byId("chart");
    this.chart = new uPlot(this.#options(), this.#data, this.box);
    this.chart.over.append(byId("chart-playhead"));
    this.#load = latest(this.#ask.bind(this), 150);
    this.#listen();
  }

  #load;

  #listen() {
    const { state, chart } = this;
    state.on("span", () => this.#showSpan());
    state.on("at", (at) => this.#showPlayhead(at));
    onThemeChange(() => chart.redraw(false));
    new ResizeObserver(() => chart.setSize({ width: this.box.clientWidth, height: HEIGHT })).observe(this.box);
    chart.over.addEventListener("click", ({ offsetX }) => this.player.seek(chart.posToVal(offsetX, "x")));
    chart.over.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    byId("zoom-in").addEventListener("click", () => this.zoom(0.5));
    byId("zoom-out").addEventListener("click", () => this.zoom(2));
    byId("whole").addEventListener("click", () => this.whole());
  }

  #options() {
    const axis = { stroke: () => colourOf("--dim"), font: "11px system-ui, sans-serif" };
    const lines = { stroke: () => colourOf("--line"), width: 1 };
    return {
      width: this.box.clientWidth,
      height: HEIGHT,
      padding: [16, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { setScale: false, dist: 5 }, bind: { dblclick: () => null } },
      scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.08)] } },
      axes: [
        { ...axis, size: 24, grid: lines, ticks: { show: false }, incrs: this.#increments(), values: this.#times },
        { ...axis, size: 48, grid: lines, ticks: { show: false }, values: (_, ticks) => ticks.map(plain) },
      ],
      series: [
        {},
        {
          stroke: () => colourOf("--accent"),
          fill: () => colourOf("--accent-soft"),
          width: 1,
          paths: uPlot.paths.stepped({ align: 1 }),
          points: { show: false },
        },
      ],
      hooks: {
        draw: [(chart) => drawMarks(chart, this.#marks, colourOf)],
        setSelect: [(chart) => this.#onSelect(chart)],
        setCursor: [(chart) => this.#showReadout(chart)],
      },
    };
  }

  #increments() {
    return [...STEPS, ...SECONDS.map((seconds) => seconds * 1000)];
  }

  #times(chart, ticks) {
    const decimals = decimalsFor(chart.scales.x.max - chart.scales.x.min);
    return ticks.map((tick) => duration(tick, decimals));
  }

  async #ask() {
    const { from, to } = this.state.get("span");
    const finest = Math.max(100, Math.floor((to - from) / FINEST));
    const buckets = Math.min(600, Math.floor(this.box.clientWidth / 2), finest);
    const answer = await this.api.get("overview", { from, to, buckets });
    const width = (answer.to - answer.from) / answer.frames.length;
    const rates = answer.frames.map((frames) => (frames * 1000) / width);
    this.#data = [rates.map((_, place) => answer.from + place * width), rates];
    this.#data[0].push(answer.to);
    rates.push(rates.at(-1));
    this.#marks = answer.marks;
    setText(byId("timeline-title"), title(answer));
    if (!answer.complete) this.refresh();
    listMarks(answer.marks, answer.marks_left_out, (ms) => this.player.seek(ms));
    this.chart.setData(this.#data, false);
    this.#showSpan(false);
  }

  /** Ask again in a moment: for more of what is counted, or for a fault. */
  refresh() {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = null;
      this.#load();
    }, REFINED);
  }

  #showSpan(ask = true) {
    const { from, to } = this.state.get("span");
    const decimals = decimalsFor(to - from);
    setText(byId("span"), `${duration(from, decimals)} – ${duration(to, decimals)}`);
    this.chart.setScale("x", { min: from, max: to });
    this.#showPlayhead(this.state.get("at"), false);
    if (ask) this.#load();
  }

  #showPlayhead(at, follow = true) {
    const line = byId("chart-playhead");
    const span = this.state.get("span");
    const playing = this.state.get("status")?.state === "playing";
    if (follow && playing) this.state.set("span", following(span, at, this.state.get("whole")));
    const { from, to } = this.state.get("span");
    line.hidden = at < from || at > to;
    if (!line.hidden) line.style.transform = `translateX(${this.chart.valToPos(at, "x")}px)`;
  }

  #showReadout(chart) {
    const { left } = chart.cursor;
    if (left === undefined || left < 0) return setText(byId("readout"), HINT);
    const ms = chart.posToVal(left, "x");
    const bucket = this.#data[0].findLastIndex((from) => from <= ms);
    const mark = nearest(this.#marks, ms, chart.posToVal(left + 6, "x") - ms);
    const rate = `${figure(this.#data[1][bucket] ?? 0)} frames/s`;
    const parts = [duration(ms), timeOfDay(this.state.get("start") + ms), rate];
    if (mark) parts.push(mark.text);
    setText(byId("readout"), parts.join(" · "));
  }

  #onSelect(chart) {
    const { left, width } = chart.select;
    if (width < 2) return;
    this.state.set("span", { from: chart.posToVal(left, "x"), to: chart.posToVal(left + width, "x") });
    chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  }

  #onWheel(event) {
    event.preventDefault();
    this.#zoomAround(event.deltaY < 0 ? 0.8 : 1.25, this.chart.posToVal(event.offsetX, "x"));
  }

  #zoomAround(factor, centre) {
    this.state.set("span", zoomed(this.state.get("span"), factor, centre, this.state.get("whole")));
  }

  /** Show less (below 1) or more around the playhead. */
  zoom(factor) {
    this.#zoomAround(factor, this.state.get("at"));
  }

  whole() {
    this.state.set("span", this.state.get("whole"));
  }
}

function title({ exact, complete, fraction }) {
  const read = complete ? "" : `, ${Math.floor(fraction * 100)} % of the recording read`;
  return `Frames per second${exact ? "" : ", roughly"}${read}`;
}
