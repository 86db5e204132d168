// Asks for the token. The field has no name, so that no browser sends it by itself, and is emptied with the
// first press, whatever the guard says.

import { element, field } from "./dom.js";
import { signIn } from "./guard-api.js";

/** What is shown until somebody is signed in; `why` says why nobody is any more. */
export function signInView({ why, title, signedIn }) {
  const input = element("input", { type: "password", autocomplete: "off", spellcheck: "false", class: "mono", required: true, "data-focus": true });
  const submit = element("button", { class: "primary" }, "Sign in");
  const said = element("p", { class: "said", role: "alert" });
  const form = element("form", { class: "sign-in" }, field("Operator’s token", input, "The value of ADMIN_TOKEN. A guard on your own machine prints it when it starts."), submit, said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    said.textContent = "";
    const token = input.value.trim();
    input.value = "";
    const error = await signIn(token).then(() => null, (error) => error);
    form.removeAttribute("aria-busy");
    if (!error) return signedIn();
    said.textContent = sentence(error);
    input.focus();
  });
  return [
    title("Sign in"),
    why && element("p", { class: "warning", role: "alert" }, why),
    form,
    element("p", { class: "hint" }, "The token stays in this page’s memory: it is in no storage, cookie or address, and a reload forgets it."),
  ];
}

function sentence({ code, message }) {
  return code === "unauthorised" ? "That is not the token of this guard. Copy the value of ADMIN_TOKEN again." : message;
}
