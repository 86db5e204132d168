// The sum of what this page has run: sends, and orders that were one too many, on either side.
//
// 1. A lane counts from its first send on, by its recording; an order counts when the ledger has it.
// 2. A lane whose ledger could not be read is told, not counted as nothing.

import { count, find } from "./dom.js";

export class Scoreboard {
  #lanes = [];

  /** From now on the lane counts; `expected` is how many orders are right for it. */
  follow(lane, expected) {
    const entry = { lane, expected: typeof expected === "function" ? expected : () => expected };
    this.#lanes.push(entry);
    lane.recording.onChange(() => this.#show());
  }

  #show() {
    const lanes = this.#lanes.filter(({ lane }) => lane.recording.attempts.length > 0);
    find("score-sends").textContent = sum(lanes, ({ lane }) => lane.recording.attempts.length);
    for (const [id, guarded] of [["score-without", false], ["score-with", true]]) {
      const side = lanes.filter(({ lane }) => lane.isGuardedSide === guarded);
      const surplus = sum(side, ({ lane, expected }) => Math.max(0, (lane.recording.executions?.length ?? 0) - expected()));
      find(id).textContent = surplus;
      find(id).parentElement.classList.toggle("bad", surplus > 0);
    }
    const unread = lanes.filter(({ lane: { recording } }) => recording.endedAt && !recording.executions).length;
    find("score-unread").textContent = unread === 0 ? "" : `${count(unread, "ledger")} could not be read: not in this sum`;
  }
}

function sum(list, of) {
  return list.reduce((total, entry) => total + of(entry), 0);
}
