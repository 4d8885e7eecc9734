// A heatmap on a canvas: cells of columns and rows, prices on the right, times below.

import { decimalsFor, duration } from "./format.js";
import { channelsOf, colourOf } from "./theme.js";

export const MARGIN = { right: 72, bottom: 20 };

const TICKS = 5;
const FAINTEST = 36; // of 255: the least that is shown of a level
const FULL = 0.98; // so many of all levels are no larger than the one with the full colour

/** The first and the last row to show: as many as are asked for beside the lowest and the highest middle. */
function rowsShown(columns, { low, step }, rows) {
  const middles = columns.filter(({ mid }) => mid !== null).map(({ mid }) => (mid - low) / step);
  if (!middles.length) return { first: 0, last: rows - 1 };
  const [least, most] = middles.reduce(([a, b], row) => [Math.min(a, row), Math.max(b, row)], [Infinity, -Infinity]);
  return { first: Math.floor(least - rows / 2), last: Math.ceil(most + rows / 2) };
}

function fullSize(columns) {
  const sizes = columns.flatMap(({ bids, asks }) => [...bids, ...asks].map(([, size]) => size)).sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length * FULL)] || 1;
}

function cellsOf(columns, first, last) {
  const image = new ImageData(columns.length, last - first + 1);
  const full = Math.sqrt(fullSize(columns));
  const paint = (place, levels, colour) => {
    for (const [row, size] of levels) {
      if (row < first || row > last) continue;
      const strength = Math.min(1, Math.sqrt(size) / full);
      image.data.set([...colour, FAINTEST + (255 - FAINTEST) * strength], ((last - row) * image.width + place) * 4);
    }
  };
  columns.forEach(({ bids, asks }, place) => {
    paint(place, bids, channelsOf("--bid"));
    paint(place, asks, channelsOf("--ask"));
  });
  return image;
}

/** Paint a heatmap: `grid` has columns, prices ({low, step}, or null as long as none are known), rows, and the span. */
export function paintHeatmap(canvas, width, height, grid) {
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const context = canvas.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  context.font = "11px system-ui, sans-serif";
  const area = { context, width: width - MARGIN.right, height: height - MARGIN.bottom };
  if (grid.prices) {
    const shown = rowsShown(grid.columns, grid.prices, grid.rows);
    paintColumns(area, grid, shown);
    paintPrices(area, grid.prices, shown);
  }
  paintTimes(area, grid.span);
  context.strokeStyle = colourOf("--line");
  context.strokeRect(0.5, 0.5, area.width - 1, area.height - 1);
}

function paintColumns({ context, width, height }, { columns, span }, { first, last }) {
  const image = cellsOf(columns, first, last);
  const cells = new OffscreenCanvas(image.width, image.height);
  cells.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  const placeOf = (ms) => Math.round(((ms - span.from) / (span.to - span.from)) * width);
  columns.forEach(({ ms }, place) => {
    const usual = place ? ms - columns[place - 1].ms : 0;
    const next = Math.min(span.to, columns[place + 1]?.ms ?? ms + usual);
    const [left, right] = [placeOf(ms), placeOf(next)];
    context.drawImage(cells, place, 0, 1, image.height, left, 0, Math.max(1, right - left), height);
  });
}

function paintTimes({ context, width, height }, { from, to }) {
  context.fillStyle = colourOf("--dim");
  for (let tick = 0; tick <= TICKS; tick += 1) {
    context.textAlign = tick === 0 ? "left" : tick === TICKS ? "right" : "center";
    const text = duration(from + ((to - from) * tick) / TICKS, decimalsFor(to - from));
    context.fillText(text, (width * tick) / TICKS, height + 15);
  }
}

function paintPrices({ context, width, height }, { low, step }, { first, last }) {
  const rows = last - first + 1;
  const decimals = Math.max(0, Math.min(12, 1 - Math.floor(Math.log10((step * rows) / TICKS))));
  context.fillStyle = colourOf("--dim");
  context.textAlign = "left";
  for (let tick = 0; tick <= TICKS; tick += 1) {
    const price = low + step * (first + (rows * tick) / TICKS);
    context.fillText(price.toFixed(decimals), width + 6, Math.max(10, height - (height * tick) / TICKS));
  }
}
