// Elements, made without HTML: what comes from a recording is text, and all of it is visible.

import { visible } from "./format.js";

export const byId = (id) => document.getElementById(id);

/** Set the text of an element; nothing happens where it has that text. */
export function setText(element, text) {
  const shown = visible(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** Set a text of several lines. */
export function setLines(element, lines) {
  element.textContent = lines.map(visible).join("\n");
}

export function make(tag, text = "", className = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== "") setText(element, text);
  return element;
}

/** Give a table body these rows of texts, and keep the elements that are there. */
export function fillRows(body, rows) {
  while (body.rows.length > rows.length) body.lastElementChild.remove();
  rows.forEach((texts, place) => {
    const row = body.rows[place] ?? body.appendChild(make("tr"));
    while (row.cells.length < texts.length) row.append(make("td"));
    texts.forEach((text, cell) => setText(row.cells[cell], text));
  });
}

/** Give a select these values, by their names, and keep what is chosen if it is still there. */
export function fillSelect(select, options) {
  const before = [...select.options].map(({ value }) => value);
  if (JSON.stringify(before) === JSON.stringify(options.map(([value]) => value))) return;
  const chosen = select.value;
  select.replaceChildren(
    ...options.map(([value, name]) => {
      const option = make("option", name);
      option.value = value;
      return option;
    }),
  );
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}
