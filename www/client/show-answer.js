// Shows the answer to a plain form as the browser would have, as far as a script can.
//
// 1. A redirect is followed; an HTML page of the same origin takes the place of this one. HTML of
//    another origin is never written into this page.
// 2. Everything else is a sentence in the form's status line, which screen readers speak.

import { isOfType } from "./answer.js";

/** @import { Change } from "./guard-form.js" */

/** @type {Record<string, string>} */
const MESSAGES = {
  ready: "",
  sending: "Sending …",
  done: "Done.",
  refused: "Refused.",
  "not-processed": "Not carried out.",
  unknown: "Perhaps carried out. Send it again, or check before you start over.",
};

/**
 * @param {HTMLFormElement} form
 * @param {Change} change
 */
export async function showAnswer(form, { state, response }) {
  if (state === "final" && response && (await showPage(response))) return;
  const message = state === "final" ? (response?.ok ? "done" : "refused") : state;
  statusLine(form).textContent = form.getAttribute(`data-onlyonce-${message}`) ?? MESSAGES[message];
}

/**
 * @param {Response} response
 * @returns {Promise<boolean>} whether another page takes the place of this one
 */
async function showPage(response) {
  if (response.redirected) {
    location.assign(response.url);
    return true;
  }
  if (!isOfType(response, "text/html") || new URL(response.url).origin !== location.origin) return false;
  const text = await response.text();
  document.open();
  document.write(text);
  document.close();
  return true;
}

/** @param {HTMLFormElement} form */
function statusLine(form) {
  return form.querySelector("[data-onlyonce-status]") ?? form.appendChild(newStatusLine());
}

function newStatusLine() {
  const line = document.createElement("p");
  line.setAttribute("data-onlyonce-status", "");
  line.setAttribute("role", "status");
  return line;
}
