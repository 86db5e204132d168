// Shows that a form is being sent, to eyes and to screen readers.
//
// 1. `aria-busy` on the form, and its button disabled.
// 2. A button that had the focus gets it back: a disabled one loses it, and a keyboard user's place.

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 * @returns {() => void} ends it
 */
export function showBusy(form, submitter) {
  const button = /** @type {HTMLButtonElement | undefined} */ (submitter ?? defaultButton(form));
  const focused = button && document.activeElement === button;
  form.setAttribute("aria-busy", "true");
  if (button) button.disabled = true;
  return () => {
    form.removeAttribute("aria-busy");
    if (button) button.disabled = false;
    if (focused && document.activeElement === document.body) button.focus();
  };
}

/**
 * The button that Enter presses.
 * @param {HTMLFormElement} form
 */
function defaultButton(form) {
  // Also one outside the form that names it; image buttons are not among the elements.
  return [...form.elements].find((element) => element.matches("[type=submit], button:not([type])"));
}
