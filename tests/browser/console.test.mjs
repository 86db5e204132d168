// The operator's console in a real browser, with the real guard behind it and an API that leaves two
// thousand outcomes unknown. What was carried out is asked of the API, never of the page.

import { after } from "node:test";
import { startConsole } from "./fixture.mjs";
import { testAccess } from "./console/access.mjs";
import { testActs } from "./console/acts.mjs";
import { testList } from "./console/list.mjs";
import { testRecord } from "./console/record.mjs";
import { testSearch } from "./console/search.mjs";
import { testSecrecy } from "./console/secrecy.mjs";
import { testSession } from "./console/session.mjs";
import { leaveUnknown } from "./console/visit.mjs";

const world = await startConsole();
after(world.stop);
await leaveUnknown(world, 2000);

testList(world);
testRecord(world);
testSearch(world);
testActs(world);
testSecrecy(world);
testAccess(world);
// The last: they deploy the guard anew.
testSession(world);
