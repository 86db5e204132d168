// Keeps the key of a form's open submission over reload, back and forward.
//
// 1. Kept in sessionStorage: it belongs to this tab and ends with it.
// 2. Named after the page's path and query, and the form.
// 3. Where storage is blocked or full nothing is kept, and the submission works all the same.

/**
 * A submission without a final answer.
 * @typedef {{ key: string, unknown: boolean }} OpenSubmission
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
  const storageKey = `onlyonce-form:${location.pathname}${location.search}:${formName(form)}`;
  return {
    /** @returns {OpenSubmission | null} */
    read: () => nullOnError(() => JSON.parse(sessionStorage[storageKey])),
    /** @param {OpenSubmission} submission */
    save: (submission) => nullOnError(() => (sessionStorage[storageKey] = JSON.stringify(submission))),
    clear: () => nullOnError(() => sessionStorage.removeItem(storageKey)),
  };
}

/**
 * @template T
 * @param {() => T} access
 */
function nullOnError(access) {
  try {
    return access();
  } catch {
    return null;
  }
}
