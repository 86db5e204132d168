// Scene 3: fifty clicks at once, from two tabs.
//
// 25 are sent by this page and 25 by another one, with a script and connections of its own: a
// second tab that shows tab.html, where one is open, else the same page loaded in a frame.

import { withSecondPage } from "../second-page.js";

const EACH = 25;
const DELAY = 400;

export const fiftyClicks = {
  id: "fifty-clicks",
  title: "Fifty clicks at once, from two tabs",
  story: "Every one of them carries the same key: 25 from this page, and 25 from a second one, loaded for it.",
  link: { href: "tab.html", text: "Open it as a tab of its own" },
  expectedOrders: 1,
  async run(lane) {
    await withSecondPage(async (other) => {
      const here = Array.from({ length: EACH }, (_, at) => lane.send({ name: `here ${at + 1}`, delay: DELAY }));
      const there = other.send(lane, { times: EACH, delay: DELAY });
      await Promise.all([...here, there]);
    });
  },
};
