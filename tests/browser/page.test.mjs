// The demo page in a real browser, in front of one running pair of guard and shop. What was executed
// is asked of the shop's own port, never of the page.

import { after } from "node:test";
import { startAll } from "./fixture.mjs";
import { testAccess } from "./page/access.mjs";
import { testArrival } from "./page/arrival.mjs";
import { testBench } from "./page/bench.mjs";
import { testEnvironments } from "./page/environments.mjs";
import { testFirstLook } from "./page/first-look.mjs";
import { testOwnApi } from "./page/own-api.mjs";
import { testScenes } from "./page/scenes.mjs";
import { testTroubles } from "./page/troubles.mjs";

const world = await startAll();
after(world.stop);

testFirstLook(world);
testArrival(world);
testScenes(world);
testTroubles(world);
testEnvironments(world);
testBench(world);
testOwnApi(world);
testAccess(world);
