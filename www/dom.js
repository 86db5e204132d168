// Makes elements. Text only ever goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export const find = (id) => document.getElementById(id);

/** `element("p", { class: "hint" }, "text", child, …)` */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Announces something to screen readers, without moving the focus. */
export function announce(text) {
  find("live").textContent = text;
}

export function count(number, noun) {
  return `${number}\u00a0${noun}${number === 1 ? "" : "s"}`;
}
