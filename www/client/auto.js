// Guards every `<form method="post" data-onlyonce>` of the page, also those that come later, unless
// a script has guarded it already:
//   <script type="module" src="…/auto.js"></script>
//
// 1. The answer is shown as show-answer.js says.
// 2. Each change of state is also an event on the form, `onlyonce`, with guardForm's `Change`.
// 3. An element with `data-onlyonce-start-over` in the form is shown only while the outcome is
//    unknown, and starts over.

import { guardedForms, guardForm } from "./guard-form.js";
import { showAnswer } from "./show-answer.js";

/** @import { Change } from "./guard-form.js" */

const FORMS = "form[data-onlyonce]";
const START_OVER = "[data-onlyonce-start-over]";

/** @param {HTMLFormElement} form */
function guard(form) {
  if (guardedForms.has(form)) return;
  const onState = (/** @type {Change} */ change) => showChange(form, change);
  const submission = guardForm(form, { onState });
  form.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest(START_OVER)) submission.startOver();
  });
  onState(submission);
}

/**
 * @param {HTMLFormElement} form
 * @param {Change} change
 */
function showChange(form, change) {
  form.querySelector(START_OVER)?.toggleAttribute("hidden", change.state !== "unknown");
  void showAnswer(form, change);
  form.dispatchEvent(new CustomEvent("onlyonce", { detail: change, bubbles: true }));
}

function guardAll() {
  document.querySelectorAll(FORMS).forEach((form) => guard(/** @type {HTMLFormElement} */ (form)));
}

guardAll();
new MutationObserver(guardAll).observe(document, { childList: true, subtree: true });
