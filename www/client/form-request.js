// What a form would send, as a request for fetch.
//
// 1. It is what the browser itself would send: the submitter's own value, formaction and
//    formenctype count, line breaks in text are CR LF. A form without an action goes to the page's
//    own address, whatever <base> says. The enctype text/plain, which nobody can read back, is sent
//    as the default one.
// 2. `digest` is the same for the same submission: address, encoding and entries. By it an edit is
//    recognised, however it was made. Left out is what differs though nobody edited it: what the
//    guard leaves out as well (order[_token] by its last part), and a key.

import { FIELD } from "./key.js";

/**
 * @typedef {object} FormRequest
 * @property {string} url as fetch takes it
 * @property {FormData} data
 * @property {RequestInit} init
 * @property {string} digest
 */

// The names of FORM_FIELDS in src/guard/known_names.rs, no more and no fewer: what one of the two
// leaves out and the other does not is a second order, or a refusal.
export const TOKENS = /(^|\[)(_?csrf(_token|Token)?|csrf(-token|middlewaretoken|_test_name)|CSRFToken|YII_CSRF_TOKEN|(authenticity|form|mcaptcha_)?_token|_xsrf|_wpnonce|form_(build_id|key)|__(RequestVerificationToken|EVENTVALIDATION|VIEWSTATE(GENERATOR)?)|javax\.faces\.ViewState|((g-re|h-|frc-)captcha|cf-turnstile)-response|frc-captcha-solution|smart-token)]?$/;

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
  // A relative address counts from <base>, an empty one does not.
  const url = attributeOf(form, submitter, "action", "") || document.URL;
  const enctype = attributeOf(form, submitter, "enctype", "").toLowerCase();
  return { url, data, init: { method: "POST", ...encodeBody(data, enctype) }, digest: digestOf(url, enctype, data) };
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
  for (const [name, value] of data) body.append(name, crlf(value instanceof File ? value.name : value));
  return { body };
}

/** @param {string} text */
function crlf(text) {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

/**
 * @param {string} url
 * @param {string} enctype
 * @param {FormData} data
 */
function digestOf(url, enctype, data) {
  const counting = [...data].filter(([name]) => name !== FIELD && !TOKENS.test(name));
  const replacer = (/** @type {string} */ _, /** @type {unknown} */ value) =>
    value instanceof File ? [value.name, value.size, value.lastModified] : value;
  return hash(JSON.stringify([url, enctype, counting], replacer));
}

/**
 * 32 bits: it is kept over reloads, and must not hold what was entered. Where two
 * submissions have the same one, the guard tells them apart.
 * @param {string} text
 */
function hash(text) {
  let bits = 0;
  for (const character of text) bits = Math.imul(bits ^ /** @type {number} */ (character.codePointAt(0)), 31);
  return `${bits}`;
}
