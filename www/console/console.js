// The operator's console: who is signed in, and which view is open. Rules:
//
// 1. The view stands in the address's fragment (`#unknown`, `#record/<id>`), and nothing else does.
// 2. Nothing is shown but to whom the guard takes: whom Cloudflare Access names, or whoever has the token. Once it
//    refuses them, all that was shown goes.
// 3. A view that is left is stopped, and so is a question that another one has taken the place of.
// 4. Whoever opens a view stands at its heading.

import { announce, button, element, find } from "./dom.js";
import { forgetOperator, isByAccess, isSignedIn, mayAct, nameOfOperator, signIn } from "./guard-api.js";
import { outcomesView } from "./outcomes-view.js";
import { recordView } from "./record-view.js";
import { searchView } from "./search-view.js";
import { signInView } from "./sign-in.js";
import { forgetList, unknownView } from "./unknown-view.js";

const VIEWS = { unknown: unknownView, outcomes: outcomesView, search: searchView, record: recordView };
const RECORD = /^#record\/([0-9a-f]{64})$/;

/** Where Access ends its session (Cloudflare One, "Session management"). */
const ACCESS_SIGN_OUT = "/cdn-cgi/access/logout";

let leave = new AbortController();

addEventListener("hashchange", openView);
// A page that somebody comes back to must not be open still.
addEventListener("pagehide", () => signOut());
addEventListener("pageshow", ({ persisted }) => persisted && begin());
find("sign-out").addEventListener("click", () => {
  const byAccess = isByAccess();
  signOut("You are signed out.");
  if (byAccess) location.assign(ACCESS_SIGN_OUT);
});
// Not by the address: the fragment is the view's.
find("skip").addEventListener("click", (event) => {
  event.preventDefault();
  find("main").focus();
});
begin();

/** Asks whom Access names, where it is in front; else for the token. */
async function begin() {
  announce("Asking who you are…");
  const error = await signIn().then(() => null, (error) => error);
  if (!error) return openView();
  // The usual: a guard with a token alone.
  showSignIn(error.code === "unauthorised" ? undefined : error.message);
}

function openView() {
  leave.abort();
  leave = new AbortController();
  closeDialogs();
  if (!isSignedIn()) return showSignIn();
  const [name, id] = viewOf(location.hash);
  for (const link of find("views").querySelectorAll("a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  find("views").hidden = false;
  find("who").textContent = isByAccess() ? `${nameOfOperator()}${mayAct() ? "" : ", reading only"}` : "";
  announce("");
  const page = { signal: leave.signal, show, load, title, refused };
  VIEWS[name](page, id);
}

function viewOf(hash) {
  const [, id] = RECORD.exec(hash) ?? [];
  if (id) return ["record", id];
  const name = hash.slice(1);
  return [name in VIEWS && name !== "record" ? name : "unknown"];
}

/** Puts a view's content in the place of what was there; its heading, or what is marked, gets the focus. */
function show(...content) {
  const main = find("main");
  main.replaceChildren(...content.filter(Boolean));
  (main.querySelector("[data-focus]") ?? main.querySelector("h1"))?.focus();
}

function title(text) {
  document.title = `${text} · Onlyonce console`;
  return element("h1", { tabindex: "-1" }, text);
}

const loading = new WeakMap();

/**
 * Fills `place`, which can have the focus, with what `work(signal)` makes of the guard's answers. What goes
 * wrong is said there, with a button to try again. Of two loads of one place the later counts.
 */
async function load(place, work, said = "Loading…") {
  loading.get(place)?.abort();
  const superseded = new AbortController();
  loading.set(place, superseded);
  const signal = AbortSignal.any([leave.signal, superseded.signal]);
  place.setAttribute("aria-busy", "true");
  // What had the focus goes; whoever pressed it stays at the place.
  if (place.contains(document.activeElement)) place.focus();
  place.replaceChildren(element("p", { class: "hint" }, said));
  announce(said);
  try {
    const content = await work(signal);
    if (signal.aborted) return;
    place.replaceChildren(...[content].flat().filter(Boolean));
  } catch (error) {
    if (signal.aborted || refused(error)) return;
    const again = button("Try again", () => load(place, work, said));
    place.replaceChildren(element("div", { class: "failure", role: "alert" }, element("p", {}, error.message), again));
    announce("");
  }
  place.removeAttribute("aria-busy");
}

/** Ends the session where the guard does not take who asks any more, or has no operator. */
function refused({ kind, code, message }) {
  if (kind === "unauthorized") signOut(code !== "unauthorised" ? `${message} Nothing was lost.` : "The guard does not take the token any more: it was changed or withdrawn while this page was open. Nothing was lost; sign in with the new one.");
  else if (kind === "no-operator") signOut("This guard has no operator any more: the secret ADMIN_TOKEN is not set.");
  else return false;
  return true;
}

function signOut(why) {
  forgetOperator();
  forgetList();
  leave.abort();
  closeDialogs();
  showSignIn(why);
}

function showSignIn(why) {
  find("views").hidden = true;
  announce("");
  show(...signInView({ why, title, signedIn: openView }));
}

function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
}
