// Scene 2: the answer is lost, and the client tries again.
//
// The client waits 500 ms, the shop takes 600. The first order is executed behind the client's
// back, and the second 800 ms after it.

import { pause } from "../lane.js";

export const lostAnswer = {
  id: "lost-answer",
  title: "The answer is lost, the client retries",
  story: "The client gives up after half a second and sends again at 0.8 s. The first order goes through all the same, with nobody listening.",
  expectedOrders: 1,
  async run(lane) {
    const first = lane.send({ name: "1st try", delay_before: 600, timeout: 500 });
    await pause(800);
    await Promise.all([first, lane.send({ name: "2nd try", delay_before: 600 })]);
  },
};
