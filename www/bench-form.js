// The bench's form.

import { element } from "./dom.js";

const METHODS = ["POST", "PATCH", "PUT", "DELETE", "GET"];

/** `request`: { url, body, times } */
export function benchForm({ url, body, times }) {
  return element("form", { id: "bench-form" },
    label("URL", element("input", { name: "url", type: "text", inputmode: "url", required: true, autocomplete: "off", spellcheck: "false", class: "mono", value: url }), "wide"),
    label("Method", element("select", { name: "method" }, ...METHODS.map((method) => element("option", {}, method)))),
    label("Sends at once", element("input", { name: "times", type: "number", inputmode: "numeric", min: 1, max: 50, value: times, required: true })),
    label("Headers, one a line", area("headers", 2, "Content-Type: application/json"), "wide"),
    label("Body", area("body", 3, body), "wide"),
    element("div", { class: "wide key-field" },
      label("Idempotency-Key", element("input", { name: "key", autocomplete: "off", spellcheck: "false", class: "mono", "aria-describedby": "key-message" })),
      element("button", { type: "button", "data-part": "new-key" }, "New key")),
    element("p", { class: "hint wide", id: "key-message", "data-part": "key-message", role: "status" }, "\u00a0"),
    element("dl", { class: "wide computed" }, ...computed("Fingerprint", "fingerprint"), ...computed("Record id", "record")),
    element("p", { class: "hint wide" }, "Computed in this page by the code that runs at the edge, for its default policy and no PEPPER: the key and its owner make the record, the request makes the fingerprint."),
    element("p", { class: "hint wide wrong", "data-part": "request-error", role: "status" }),
    element("div", { class: "wide buttons" }, element("button", { type: "submit", class: "primary" }, "Send"), element("button", { type: "button", "data-part": "curl" }, "Copy as curl")),
    element("div", { class: "wide runs", "data-part": "runs" }));
}

function label(text, field, className) {
  return element("label", { class: className }, text, " ", field);
}

function area(name, rows, text) {
  return element("textarea", { name, rows, spellcheck: "false", class: "mono" }, text);
}

function computed(name, part) {
  return [element("dt", {}, name), element("dd", {}, element("code", { "data-part": part }, "–"))];
}
