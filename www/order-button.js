// The button at the top: one real order, as often as it is pressed, straight to the shop and through
// the guard at once.
//
// 1. All presses are one order: they carry one key, until a new order is begun.
// 2. The counters are what the shop's ledgers say.
// 3. The button stays as it is while requests are under way: that it can be pressed again is the point.

import { announce, count, find } from "./dom.js";
import { Lane, pause } from "./lane.js";
import { pollLedger } from "./ledger.js";

/** The shop takes its time after it has executed, so that a second press comes in between. */
const DELAY = 700;
const LEDGER_DELAY = 100;

export class OrderButton {
  #environment;
  #scoreboard;
  #presses = 0;
  #underWay = 0;
  #lanes;

  constructor(environment, scoreboard) {
    this.#environment = environment;
    this.#scoreboard = scoreboard;
    find("place-order").addEventListener("click", () => this.#press());
    find("new-order").addEventListener("click", () => this.#begin());
    this.#begin();
  }

  #begin() {
    this.#presses = 0;
    this.#lanes = [false, true].map((guarded) => new Lane(this.#environment, guarded));
    const lanes = this.#lanes;
    for (const lane of lanes) {
      this.#scoreboard.follow(lane, 1);
      lane.recording.onChange(() => lanes === this.#lanes && this.#show());
    }
    this.#show();
  }

  async #press() {
    this.#presses += 1;
    this.#underWay += 1;
    const lanes = this.#lanes;
    const name = `press ${this.#presses}`;
    await Promise.all(lanes.map((lane) => sendAndCount(lane, name)));
    this.#underWay -= 1;
    if (lanes === this.#lanes && this.#underWay === 0) announce(this.#show());
  }

  #show() {
    const [without, guarded] = this.#lanes.map(({ recording }) => ordersOf(recording, this.#presses));
    showCounter("count-without", without);
    showCounter("count-with", guarded);
    const text = sentence(this.#presses, without, guarded);
    find("order-said").textContent = text;
    return text;
  }
}

async function sendAndCount(lane, name) {
  const poll = pollLedger(lane);
  lane.recording.resume();
  await lane.send({ name, delay: DELAY });
  await pause(LEDGER_DELAY);
  await poll.last();
  lane.recording.end();
}

function ordersOf({ executions }, presses) {
  return presses === 0 ? 0 : executions?.length;
}

function showCounter(id, orders) {
  const node = find(id);
  node.textContent = orders ?? "?";
  node.nextElementSibling.textContent = orders === 1 ? "order" : "orders";
  const counter = node.closest("div");
  counter.classList.toggle("bad", orders > 1);
  counter.classList.toggle("good", orders === 1);
}

function sentence(presses, without, guarded) {
  if (presses === 0) return "Press it twice, as an impatient customer would.";
  const pressed = presses === 1 ? "Pressed once" : `Pressed ${presses}\u00a0times`;
  if (without === undefined || guarded === undefined) return `${pressed}. The ledgers have not been read yet.`;
  const counted = `${pressed}: ${count(without, "order")} without Onlyonce, ${count(guarded, "order")} with it.`;
  return presses === 1 ? `${counted} Press again.` : counted;
}
