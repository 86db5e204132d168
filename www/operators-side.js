// Scene 6, the operator's side: what somebody with the guard's token does about an unknown outcome.
//
// 1. The token is in this page's memory alone. `npm start` hands it over behind the # of the address,
//    which is never sent and is taken off at once; else it is typed in.
// 2. It says what the shop's ledger says, and nothing else: where the ledger holds the order, the
//    record becomes that answer; where it does not, the key is freed.
// 3. Each request that it makes is shown as the command that does the same.

import { announce, element } from "./dom.js";
import { readLedger } from "./ledger.js";

const FRAGMENT = /^#operator=(.+)$/;
let token = takeToken();

function takeToken() {
  const [, found] = FRAGMENT.exec(location.hash) ?? [];
  if (found) history.replaceState(null, "", location.pathname + location.search);
  return found;
}

/** Back to what the page says before a run. */
export function hideOperatorsSide(scene) {
  scene.querySelector("[data-part=operator]").replaceChildren(element("p", { class: "hint" }, BEFORE));
}

const BEFORE = "After the scene has run, an operator can end the doubt from here.";

/** `runMore(work)` shows what `work(lane)` sends, on the lane's picture. */
export function showOperatorsSide(scene, lane, runMore) {
  const place = scene.querySelector("[data-part=operator]");
  const unknown = lane.recording.attempts.find(({ kind }) => kind === "unknown");
  if (!lane.guarded || !unknown?.record || lane.resolved) return;
  const side = new OperatorsSide(lane, unknown.record, runMore);
  place.replaceChildren(...side.nodes);
}

class OperatorsSide {
  #status = element("p", { class: "hint", role: "status" }, "The record is unknown, and stays so until somebody decides or its window ends.");
  #field = element("input", { type: "password", autocomplete: "off", class: "mono" });
  #button = element("button", { type: "button" }, "Look at the ledger and resolve it");
  #steps = element("ol", { class: "commands" });

  constructor(lane, record, runMore) {
    Object.assign(this, { lane, record, runMore });
    const label = element("label", {}, "ADMIN_TOKEN (printed when the guard started)", this.#field);
    this.#field.value = token ?? "";
    this.#button.addEventListener("click", () => this.#resolve());
    this.nodes = [element("div", { class: "operator-act" }, label, this.#button), this.#status, element("details", {}, element("summary", {}, "The same as commands"), this.#steps)];
  }

  async #resolve() {
    if (this.#button.getAttribute("aria-disabled") === "true") return;
    this.#button.setAttribute("aria-disabled", "true");
    const error = await this.#carryOut().then(() => undefined, (error) => error);
    if (!error) return;
    this.#button.removeAttribute("aria-disabled");
    this.#say(error.message, true);
  }

  async #carryOut() {
    token = this.#field.value.trim();
    this.#steps.replaceChildren();
    const [order] = await readLedger(this.lane);
    const record = await this.#ask(`records/${this.record}`);
    const decision = order ? answerOf(record.claim, order) : { claim: record.claim, outcome: "not-processed" };
    await this.#ask(`records/${this.record}/resolve`, decision);
    this.lane.resolved = true;
    this.#say(order ? `The ledger has the order (number ${order.number}), and the operator has said so. Every retry gets that answer from now on.` : "The ledger has no such order, so the key is free again: the next try is carried out.");
    await this.runMore((lane) => lane.resend({ name: "after it" }));
  }

  async #ask(path, body) {
    const url = `/.onlyonce/${path}`;
    this.#steps.append(element("li", {}, element("code", {}, commandOf(url, body))));
    const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
    const response = await fetch(url, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), cache: "no-store" });
    if (response.ok) return response.json();
    throw new Error(await reasonOf(response));
  }

  #say(text, isWrong = false) {
    this.#status.textContent = text;
    this.#status.classList.toggle("wrong", isWrong);
    announce(text);
  }
}

async function reasonOf(response) {
  if (response.status === 404) return "This guard has no operator: its secret ADMIN_TOKEN is not set.";
  const { detail } = await response.json().catch(() => ({}));
  return `The guard answered ${response.status}: ${detail ?? "nothing more"}.`;
}

function answerOf(claim, { headers: _, at: __, ...order }) {
  const bytes = new TextEncoder().encode(`${JSON.stringify(order)}\n`);
  return { claim, outcome: "answer", status: 201, headers: [["content-type", "application/json"]], body_base64: btoa(String.fromCharCode(...bytes)) };
}

function commandOf(url, body) {
  const parts = [`curl ${location.origin}${url}`, `-H "Authorization: Bearer $ADMIN_TOKEN"`, ...(body ? [`-d '${JSON.stringify(body)}'`] : [])];
  return parts.join(" \\\n  ");
}
