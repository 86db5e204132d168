// A second look: a dialog that says what an act will do, and to whom, before it is carried out.
//
// 1. The button that changes nothing has the focus; Escape is that button.
// 2. The act is carried out once. While it is, the dialog stays; a refusal is said in it, and nothing has
//    happened then.

import { button, element } from "./dom.js";

/**
 * Asks, and calls `act` where somebody agrees. `keep` and `go` are the buttons' texts; `failed(error)`
 * gives the sentence for an error, or null where the error has been dealt with.
 */
export function confirm({ title, paragraphs, keep, go, act, failed }) {
  const dialog = element("dialog", { "aria-labelledby": "dialog-title", "aria-describedby": "dialog-text" });
  const said = element("p", { class: "wrong", role: "alert" });
  const safe = button(keep, () => dialog.close(), { class: "primary", autofocus: true });
  const risky = button(go, () => carryOut({ dialog, risky, safe, said, act, failed }), { class: "danger" });
  dialog.append(
    element("h2", { id: "dialog-title" }, title),
    element("div", { id: "dialog-text" }, paragraphs.map((paragraph) => element("p", {}, paragraph))),
    said, element("div", { class: "buttons" }, safe, risky));
  dialog.addEventListener("cancel", (event) => dialog.getAttribute("aria-busy") && event.preventDefault());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

async function carryOut({ dialog, risky, safe, said, act, failed }) {
  if (dialog.getAttribute("aria-busy")) return;
  dialog.setAttribute("aria-busy", "true");
  said.textContent = "";
  const error = await act().then((done) => (dialog.close(), done(), null), (error) => error);
  dialog.removeAttribute("aria-busy");
  const sentence = error && failed(error);
  if (!sentence) return;
  said.textContent = sentence;
  // What was refused is refused again; what the network swallowed may be tried once more.
  if (error.kind === "refused") {
    risky.remove();
    safe.textContent = "Close";
  }
  safe.focus();
}
