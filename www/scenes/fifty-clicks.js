// Scene 3: fifty clicks at once, from two tabs.
//
// 25 are sent by this page and 25 by another one, with a script and connections of its own: a
// second tab that shows tab.html, where one is open, else the same page loaded in a frame.

import { withSecondPage } from "../second-page.js";

const EACH = 25;
const DELAY = 400;

export const fiftyClicks = {
  id: "fifty-clicks",
  expectedOrders: 1,
  attempts: 2 * EACH,
  async run(lane) {
    await withSecondPage(async (other) => {
      const here = Array.from({ length: EACH }, (_, at) => lane.send({ name: `here ${at + 1}`, delay: DELAY }));
      const there = other.send(lane, { times: EACH, delay: DELAY });
      // What stops the other page must not cut off what this one has sent.
      const ends = await Promise.allSettled([...here, there]);
      const failed = ends.find(({ status }) => status === "rejected");
      if (failed) throw failed.reason;
    });
  },
};
