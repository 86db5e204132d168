// Whether this page is the answer to a form that the browser submitted by itself, and what that
// tells of the form's key.
//
// 1. It is, where the navigation that brought it here began as the form was submitted. Behind a
//    redirect the status is another page's.
// 2. Only the last answer is kept, and in localStorage: a page that Firefox kept alive comes back
//    with the sessionStorage that it had when it was left.

import { nullOnError } from "./form-storage.js";

const SENT = "onlyonce-form-sent";
const ANSWER = "onlyonce-form-answer";
/** In milliseconds: more than a browser takes from a click to the begin of its navigation. */
const MAX_START = 2_000;

const navigation = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);

/** Whether the page was neither reloaded nor come back to. */
export const isLoadedAnew = navigation?.type !== "reload" && navigation?.type !== "back_forward";

/** The key that this page answers; undefined where it answers none. */
export const answeredKey = keyAnswered();

if (answeredKey) {
  const status = navigation?.redirectCount ? 0 : navigation?.responseStatus;
  nullOnError(() => (localStorage[ANSWER] = JSON.stringify({ key: answeredKey, status })));
}

function keyAnswered() {
  const sent = nullOnError(() => JSON.parse(sessionStorage[SENT]));
  return isLoadedAnew && Math.abs(performance.timeOrigin - sent?.at) < MAX_START ? sent.key : undefined;
}

/**
 * The page that comes next may be the answer to this key.
 * @param {string} key
 */
export function expectAnswer(key) {
  nullOnError(() => {
    sessionStorage[SENT] = JSON.stringify({ key, at: performance.timeOrigin + performance.now() });
    localStorage.removeItem(ANSWER);
  });
}

/** The page that comes next is another: the answer's was given up. */
export function expectNoAnswer() {
  nullOnError(() => sessionStorage.removeItem(SENT));
}

/**
 * The status of the last answer to a key, as far as it is known: 0 behind a redirect.
 * @param {string} key
 * @returns {number | undefined}
 */
export function answerTo(key) {
  const answer = nullOnError(() => JSON.parse(localStorage[ANSWER]));
  return answer?.key === key ? Number(answer.status) : undefined;
}
