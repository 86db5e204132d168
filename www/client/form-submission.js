// Hears when a form is submitted, after everybody else had their say.
//
// 1. What decides is the event's last stop: after the listeners on the form, on what is around it
//    (React's are at its root) and on the window. What one of them cancels is not sent.
// 2. While a submission is under way another click, Enter, requestSubmit() or submit() does
//    nothing, and the page's own listeners see nothing of it.
// 3. A form is guarded by one alone.

import { formName } from "./form-storage.js";
import { methodOf } from "./form-request.js";

/** @type {WeakSet<HTMLFormElement>} */
export const guardedForms = new WeakSet();

/**
 * @param {HTMLFormElement} form with method="post"
 * @param {object} how
 * @param {() => boolean} how.isBusy
 * @param {(event?: SubmitEvent) => void} how.submit without an event where submit() was called
 * @param {AbortSignal} signal ends it, and leaves the form as it was
 */
export function onSubmission(form, { isBusy, submit }, signal) {
  checkForm(form);
  guardedForms.add(form);
  const onSubmit = (/** @type {SubmitEvent} */ event) => {
    if (!isBusy()) return atLastStop(event, () => !event.defaultPrevented && methodOf(form, event.submitter) === "post" && submit(event));
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  form.addEventListener("submit", onSubmit, { signal, capture: true });
  // submit() raises no event: without this it would leave the page, unguarded.
  if (typeof form.submit === "function") form.submit = () => void (isBusy() || submit());
  signal.addEventListener("abort", () => {
    guardedForms.delete(form);
    delete /** @type {any} */ (form).submit;
  });
}

/**
 * Calls it when no other listener is left. The listeners are added now so that they come behind
 * all that are there; whoever stops the event on its way makes that place the last one.
 * @param {Event} event
 * @param {() => unknown} decide
 */
function atLastStop(event, decide) {
  const path = event.composedPath();
  const passed = new AbortController();
  for (const place of path) {
    place.addEventListener("submit", (passing) => {
      if (passing === event && (event.cancelBubble || place === path.at(-1))) decide();
    }, { signal: passed.signal });
  }
  // Not reached where a listener let nobody else hear of it.
  setTimeout(() => passed.abort());
}

/** @param {HTMLFormElement} form */
function checkForm(form) {
  const name = `The form "${formName(form)}"`;
  if (guardedForms.has(form)) throw new Error(`${name} is guarded already: call stop() first.`);
  const method = methodOf(form, null);
  if (method !== "post") throw new Error(`${name} has method="${method}": write method="post".`);
}
