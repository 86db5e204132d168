// Whether this page is the answer to a form that the browser submitted by itself, and what that
// tells of the form's key.
//
// 1. It is, where the navigation that brought it here began as the form was submitted, and on the
//    form's page: a link on an answer without this script is clicked soon, too. Behind a redirect
//    the status is another page's, and the redirect was the answer.
// 2. Where the browser does not tell the status, nothing was seen of the answer.
// 3. The last answers are kept, in localStorage: a page that Firefox kept alive comes back with the
//    sessionStorage that it had when it was left.

import { nullOnError } from "./form-storage.js";

const SENT = "onlyonce-form-sent";
const ANSWERS = "onlyonce-form-answers";
/** Of all forms and tabs together. One that is forgotten counts as never seen. */
const MAX_ANSWERS = 100;
/** What an answer counts as that led to this page. */
const REDIRECT = 303;
/** In milliseconds: more than a browser takes from a click to the begin of its navigation. */
const MAX_START = 2_000;

const navigation = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);

/** Whether the page was neither reloaded nor come back to. */
export const isLoadedAnew = navigation?.type !== "reload" && navigation?.type !== "back_forward";

/** The key that this page answers; undefined where it answers none. */
export const answeredKey = keyAnswered();

if (answeredKey) {
  const status = navigation?.redirectCount ? REDIRECT : navigation?.responseStatus;
  if (status) keepAnswers([{ key: answeredKey, status }, ...answersBut(answeredKey)]);
}

function keyAnswered() {
  const sent = nullOnError(() => JSON.parse(sessionStorage[SENT]));
  return sent && isLoadedAnew && isFromForm(sent) && Math.abs(performance.timeOrigin - sent.at) < MAX_START ? sent.key : undefined;
}

/**
 * The referrer does for frames and for browsers without the Navigation API. That alone sees through
 * a Referrer-Policy that sends none: without it, no referrer has to do.
 * @param {{ from: string, entry?: string }} sent
 */
function isFromForm(sent) {
  const { activation } = /** @type {any} */ (window).navigation ?? {};
  const { referrer } = document;
  return sent.from === referrer || (activation ? activation.from?.id === sent.entry : !referrer);
}

/**
 * The page that comes next may be the answer to this key.
 * @param {string} key
 */
export function expectAnswer(key) {
  nullOnError(() => {
    const at = performance.timeOrigin + performance.now();
    const entry = /** @type {any} */ (window).navigation?.currentEntry?.id;
    sessionStorage[SENT] = JSON.stringify({ key, at, from: location.href.split("#", 1)[0], entry });
  });
  keepAnswers(answersBut(key));
}

/** The page that comes next is another: the answer's was given up. */
export function expectNoAnswer() {
  nullOnError(() => sessionStorage.removeItem(SENT));
}

/**
 * The status of the last answer to a key; undefined where no page saw it.
 * @param {string} key
 * @returns {number | undefined}
 */
export function answerTo(key) {
  return answers().find((answer) => answer.key === key)?.status;
}

/**
 * Newest first.
 * @returns {{ key: string, status: number }[]}
 */
function answers() {
  return nullOnError(() => JSON.parse(localStorage[ANSWERS])) ?? [];
}

/** @param {string} key */
function answersBut(key) {
  return answers().filter((answer) => answer.key !== key);
}

/** @param {{ key: string, status: number }[]} answers */
function keepAnswers(answers) {
  nullOnError(() => (localStorage[ANSWERS] = JSON.stringify(answers.slice(0, MAX_ANSWERS))));
}
