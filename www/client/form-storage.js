// Keeps what is known of a form's open submission over reload, back and forward.
//
// 1. Kept in sessionStorage: it belongs to this tab and ends with it. A tab that is duplicated
//    takes a copy along.
// 2. Named after the page's path and query, and the form.
// 3. Where storage is blocked or full nothing is kept, and the submission works all the same.

/**
 * A submission whose answer this page does not know.
 * @typedef {object} OpenSubmission
 * @property {string} key
 * @property {string} digest
 * @property {string} url where the key was sent to
 * @property {number} since when the key was first sent, in milliseconds since the epoch
 * @property {"sending" | "unknown" | "not-processed"} state `sending`: the page that sent it left
 *   no word of what became of it
 */

/**
 * What a form is called: its id, its name, or its place in the page.
 * @param {HTMLFormElement} form
 */
export function formName(form) {
  // Not form.id: a field may be called "id".
  return form.getAttribute("id") ?? form.getAttribute("name") ?? [...document.forms].indexOf(form);
}

/** @param {HTMLFormElement} form */
export function formStorage(form) {
  const name = `onlyonce-form:${location.pathname}${location.search}:${formName(form)}`;
  return {
    /** @returns {OpenSubmission | null} */
    read: () => nullOnError(() => JSON.parse(sessionStorage[name])),
    /** @param {OpenSubmission} submission */
    save: (submission) => nullOnError(() => (sessionStorage[name] = JSON.stringify(submission))),
    clear: () => nullOnError(() => sessionStorage.removeItem(name)),
  };
}

/**
 * @template T
 * @param {() => T} access
 */
export function nullOnError(access) {
  try {
    return access();
  } catch {
    return null;
  }
}
