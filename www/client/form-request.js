// What a form would send, as a request for fetch.
//
// 1. It is what the browser itself would send: the submitter's own value, formaction and
//    formenctype count, line breaks in text are CR LF. The enctype text/plain, which nobody can
//    read back, is sent as the default one.
// 2. `digest` is the same for the same entries: by it an edit is recognised, however it was made.

/**
 * @typedef {object} FormRequest
 * @property {string} url relative to the page, where the form's action is
 * @property {FormData} data
 * @property {RequestInit} init
 * @property {string} digest
 */

/**
 * The method that the submitter asks for, in lower case.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
export function methodOf(form, submitter) {
  return attributeOf(form, submitter, "method", "get").toLowerCase();
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 * @returns {FormRequest}
 */
export function formRequest(form, submitter) {
  const data = new FormData(form, submitter);
  const url = attributeOf(form, submitter, "action", "");
  const enctype = attributeOf(form, submitter, "enctype", "").toLowerCase();
  return { url, data, init: { method: "POST", ...encodeBody(data, enctype) }, digest: digestOf(data) };
}

// The attributes, not the properties: a field may be called "action" or "method".
/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 * @param {string} name
 * @param {string} fallback
 */
function attributeOf(form, submitter, name, fallback) {
  return submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name) ?? fallback;
}

/**
 * @param {FormData} data
 * @param {string} enctype
 * @returns {RequestInit}
 */
function encodeBody(data, enctype) {
  if (enctype === "multipart/form-data") return { body: data };
  const body = new URLSearchParams();
  for (const [name, value] of data) body.append(name, crlf(typeof value === "string" ? value : value.name));
  return { body };
}

/** @param {string} text */
function crlf(text) {
  return text.replace(/\r\n|\r|\n/g, "\r\n");
}

/** @param {FormData} data */
function digestOf(data) {
  const replacer = (/** @type {string} */ _, /** @type {unknown} */ value) =>
    value instanceof File ? [value.name, value.size, value.lastModified] : value;
  return JSON.stringify([...data], replacer);
}
