// Buttons that copy a text.

import { announce } from "./dom.js";

const SHOWN_FOR = 2000;

/** `text()` is asked for at the press. Where the browser forbids copying, the button says so. */
export function copyButton(button, text) {
  const label = button.textContent;
  let timer;
  button.addEventListener("click", async () => {
    const done = await copied(text());
    button.textContent = done ? "Copied" : "Not copied";
    announce(done ? "Copied." : "The browser did not allow copying: select the text instead.");
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = label), SHOWN_FOR);
  });
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not from a secure context, or not allowed.
    return copiedBySelection(text);
  }
}

function copiedBySelection(text) {
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return done;
}

/** Every button with `data-copy`, which names the element whose text it copies. */
export function serveCopyButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    copyButton(button, () => document.getElementById(button.dataset.copy).textContent);
  }
}
