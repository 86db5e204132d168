// Finds a record: by its id, or by the key and whom it belongs to. A key and a credential are sent in a
// request's body, and stand in no address; the fields go with the view.

import { button, element, field } from "./dom.js";
import { ask } from "./guard-api.js";

const ID = /[0-9a-f]{64}/;
const SOURCES = ["header:authorization", "header:x-api-key", "jwt:iss", "jwt:sub", "cookie:", "query:", "path"];

export function searchView(page) {
  const place = element("div", { tabindex: "-1" });
  page.show(page.title("Search"), byId(), byKey(page, place), place);
}

function byId() {
  const input = element("input", { type: "text", class: "mono", autocomplete: "off", spellcheck: "false", required: true });
  const said = element("p", { class: "wrong", role: "alert" });
  const form = element("form", { class: "panel" }, element("h2", {}, "By record id"),
    field("Record id", input, "64 hex digits, or the whole Cache-Status or instance that holds them."), said, element("div", { class: "buttons" }, element("button", { class: "primary" }, "Show the record")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [id] = ID.exec(input.value) ?? [];
    if (id) location.hash = `#record/${id}`;
    else said.textContent = "There are no 64 hex digits in it. Guarded answers name their record in Cache-Status as key=\"…\".";
  });
  return form;
}

function byKey(page, place) {
  const realm = secretField();
  const key = secretField({ required: true });
  const rows = element("div", { class: "rows" });
  const add = (source) => rows.append(scopeRow(rows, source));
  add("header:authorization");
  const form = element("form", { class: "panel" }, element("h2", {}, "By key"),
    field("Realm", realm, "Empty: that of this host."),
    element("fieldset", {}, element("legend", {}, "Scope"),
      element("p", { class: "hint" }, "Whose key it is: what the policy’s sources held, in the policy’s order."), rows,
      button("Add a source", () => (add(""), rows.lastChild.querySelector("input").focus()), { class: "plain" })),
    field("Idempotency key", key, "Without the quotes of the header."),
    element("div", { class: "buttons" }, element("button", { class: "primary" }, "Find the record")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = { ...(realm.value && { realm: realm.value }), scope: scopeOf(rows), key: key.value };
    page.load(place, (signal) => findRecord(question, signal), "Looking…");
  });
  return form;
}

/** Nothing that the browser may keep, complete or correct. */
function secretField(attributes) {
  return element("input", { type: "text", class: "mono", autocomplete: "off", autocapitalize: "off", spellcheck: "false", ...attributes });
}

function scopeRow(rows, source) {
  const name = secretField({ value: source, list: "sources", placeholder: "header:authorization" });
  const value = secretField({ placeholder: "Bearer …" });
  const absent = element("input", { type: "checkbox" });
  absent.addEventListener("change", () => (value.disabled = absent.checked));
  const row = element("div", { class: "row", role: "group", "aria-label": "A source of the scope" },
    field("Source", name), field("Value", value), element("label", { class: "check" }, absent, "was absent"));
  row.append(button("Remove", () => (row.remove(), (rows.querySelector("input") ?? rows.parentElement.querySelector("button")).focus())));
  row.scope = () => [name.value.trim(), absent.checked ? null : value.value];
  if (!document.getElementById("sources")) rows.before(element("datalist", { id: "sources" }, SOURCES.map((value) => element("option", { value }))));
  return row;
}

function scopeOf(rows) {
  return Object.fromEntries([...rows.children].map((row) => row.scope()).filter(([source]) => source));
}

async function findRecord(question, signal) {
  const { record } = await ask("find", { method: "POST", document: question, signal });
  location.hash = `#record/${record}`;
  return [];
}
