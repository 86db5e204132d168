// Scene 1: an impatient double click.

import { pause } from "../lane.js";

export const doubleClick = {
  id: "double-click",
  expectedOrders: 1,
  attempts: 2,
  async run(lane) {
    const first = lane.send({ name: "1st click", delay: 1000 });
    await pause(220);
    await Promise.all([first, lane.send({ name: "2nd click", delay: 1000 })]);
  },
};
