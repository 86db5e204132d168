// Guards every `<form method="post" data-onlyonce>` of the page, also those that come later, unless
// a script has guarded it already:
//   <script type="module" src="…/auto.js"></script>
//
// 1. The browser submits the form by itself, and shows the answer by itself (see native-form.js).
// 2. What is to be said on this page is a sentence in the form's status line, which screen readers
//    speak.
// 3. Each change of state is also an event on the form, `onlyonce`, with its state and key.
// 4. An element with `data-onlyonce-start-over` in the form is shown only where the form was sent
//    before, and starts over.

import { guardedForms } from "./form-submission.js";
import { tell } from "./listener.js";
import { NativeForm } from "./native-form.js";

/** @import { NativeState } from "./native-form.js" */

const FORMS = "form[data-onlyonce]";
const START_OVER = "[data-onlyonce-start-over]";

/** @type {Record<NativeState, string>} */
const MESSAGES = {
  ready: "",
  sending: "Sending …",
  sent: "Sent. Send it again to see its answer, or start over.",
  unknown: "Perhaps carried out. Send it again, or check before you start over.",
};

/** @type {WeakSet<HTMLFormElement>} */
const seen = new WeakSet();

/** @param {HTMLFormElement} form */
function guard(form) {
  if (seen.has(form) || guardedForms.has(form)) return;
  seen.add(form);
  const native = new NativeForm(form, (change) => showChange(form, change));
  form.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest(START_OVER)) native.startOver();
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {{ state: NativeState, key: string }} change
 */
function showChange(form, change) {
  const { state } = change;
  form.querySelector(START_OVER)?.toggleAttribute("hidden", state !== "sent" && state !== "unknown");
  const message = form.getAttribute(`data-onlyonce-${state}`) ?? MESSAGES[state];
  const line = form.querySelector("[data-onlyonce-status]") ?? (message && form.appendChild(newStatusLine()));
  if (line) line.textContent = message;
  form.dispatchEvent(new CustomEvent("onlyonce", { detail: change, bubbles: true }));
}

function newStatusLine() {
  const line = document.createElement("p");
  line.setAttribute("data-onlyonce-status", "");
  line.setAttribute("role", "status");
  return line;
}

function guardAll() {
  // One form's mistake is not another's.
  document.querySelectorAll(FORMS).forEach((form) => tell(guard, /** @type {HTMLFormElement} */ (form)));
}

guardAll();
new MutationObserver(guardAll).observe(document, { childList: true, subtree: true });
