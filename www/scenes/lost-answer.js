// Scene 2: the answer is lost, and the client tries again.
//
// The client waits 500 ms, the shop takes 600. The first order is executed behind the client's
// back, and the second 800 ms after it.

import { pause } from "../lane.js";

export const lostAnswer = {
  id: "lost-answer",
  expectedOrders: 1,
  attempts: 2,
  async run(lane) {
    const first = lane.send({ name: "1st try", delay_before: 600, timeout: 500 });
    await pause(800);
    await Promise.all([first, lane.send({ name: "2nd try", delay_before: 600 })]);
  },
};
