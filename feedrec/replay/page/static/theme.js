// Colours for what is drawn: those of style.css, as they are in the light or in the dark.

const DARK = matchMedia("(prefers-color-scheme: dark)");
let colours = new Map();

/** The value of a custom property of style.css, such as `--accent`. */
export function colourOf(name) {
  if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return colours.get(name);
}

/** The red, green and blue of a property that is written as `#rrggbb`. */
export function channelsOf(name) {
  const number = Number.parseInt(colourOf(name).slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

export function onThemeChange(redraw) {
  DARK.addEventListener("change", () => {
    colours = new Map();
    redraw();
  });
}
