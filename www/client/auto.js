// Guards every `<form method="post" data-onlyonce>` of the page, also those that come later, unless
// a script has guarded it already:
//   <script type="module" src="…/auto.js"></script>
//
// 1. The browser submits the form by itself, and shows the answer by itself (see native-form.js).
// 2. What is to be said on this page is a sentence in the form's status line, which screen readers
//    speak.
// 3. Each change of state is also an event on the form, `onlyonce`, with its state and key.
// 4. An element with `data-onlyonce-start-over` in the form is shown only where the form was sent
//    before, and starts over: at once where the guard says that what was sent will never be carried
//    out, else when it is pressed once more.

import { guardedForms } from "./form-submission.js";
import { tell } from "./listener.js";
import { NativeForm } from "./native-form.js";

/** @import { Told } from "./native-form.js" */

const FORMS = "form[data-onlyonce]";
const START_OVER = "[data-onlyonce-start-over]";

/** Where the form is new again, or leaves. */
const NOTHING_TO_START_OVER = ["ready", "sending", "fenced", "refused"];

/** @type {Partial<Record<Told, string>>} */
const MESSAGES = {
  sending: "Sending …",
  sent: "Sent. Send it again to see its answer, or start over.",
  unknown: "Perhaps carried out. Send it again, or check before you start over.",
  asking: "Asking what became of it …",
  fenced: "What was sent will not be carried out. You can send a new one.",
  refused: "What was sent was refused. You can send a new one.",
  done: "It was carried out. Send it again to see its answer. To send another, start over once more.",
  "in-progress": "It is being carried out right now. Start over in a moment to ask again.",
  "still-unknown": "It may have been carried out; nobody here can tell. Check first, then start over once more.",
  forgotten: "It was sent too long ago to tell whether it was carried out. Check first, then start over once more.",
  unreachable: "Nobody could be asked whether it was carried out. Check first, then start over once more.",
};

/** @type {WeakSet<HTMLFormElement>} */
const seen = new WeakSet();

/** @param {HTMLFormElement} form */
function guard(form) {
  if (seen.has(form) || guardedForms.has(form)) return;
  seen.add(form);
  const native = new NativeForm(form, (change) => showChange(form, change));
  form.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest(START_OVER)) void native.startOver();
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {{ state: Told, key: string }} change
 */
function showChange(form, change) {
  const { state } = change;
  form.querySelector(START_OVER)?.toggleAttribute("hidden", NOTHING_TO_START_OVER.includes(state));
  const message = form.getAttribute(`data-onlyonce-${state}`) ?? MESSAGES[state] ?? "";
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
