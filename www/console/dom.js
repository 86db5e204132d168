// Makes elements. Text only ever goes in as text, never as markup.

export const find = (id) => document.getElementById(id);

/** `element("p", { class: "hint" }, "text", child, …)`; what is null or false is left out. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A button that does something. */
export function button(text, onClick, attributes = {}) {
  const node = element("button", { type: "button", ...attributes }, text);
  node.addEventListener("click", onClick);
  return node;
}

/** A labelled field; `hint` is read with it. */
export function field(label, input, hint) {
  if (!hint) return element("label", {}, label, input);
  const id = `hint-${(hints += 1)}`;
  input.setAttribute("aria-describedby", id);
  return element("div", { class: "field" }, element("label", {}, label, input), element("p", { class: "hint", id }, hint));
}

let hints = 0;

export function select(options, value = "") {
  const node = element("select", {}, Object.entries(options).map(([name, text]) => element("option", { value: name }, text)));
  node.value = value;
  return node;
}

/** A table whose cells say their column on a phone, where it is a list of cards. `rows` are lists of contents. */
export function table(caption, columns, rows) {
  const head = columns.map((column) => element("th", { scope: "col", role: "columnheader" }, column));
  return element("table", { role: "table", class: "cards" },
    element("caption", { class: "visually-hidden" }, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, head)),
    element("tbody", { role: "rowgroup" }, rows.map((cells) => row(columns, cells))));
}

// Roles by name: what is no table in its looks is none for a screen reader either.
function row(columns, cells) {
  return element("tr", { role: "row" }, cells.map((content, at) =>
    at === 0
      ? element("th", { scope: "row", role: "rowheader", "data-column": columns[at] }, content)
      : element("td", { role: "cell", "data-column": columns[at] }, content)));
}

/** Announces something to screen readers, without moving the focus. */
export function announce(text) {
  find("live").textContent = text;
}

export function count(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString("en")}\u00a0${number === 1 ? noun : plural}`;
}
