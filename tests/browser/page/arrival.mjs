// An address that names a part of the page leads there: with motion and without, on a desk and on a
// phone, and without anything that runs or moves on the way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { visit } from "./visit.mjs";

const PARTS = ["lost-answer", "fifty-clicks", "offline-queue", "changed-cart", "unknown", "bench", "use"];
const DESK = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const MAX_SHIFT = 0.1;
/** Longer than a scene takes to begin, and than a smooth way takes. */
const AFTERWARDS = 1_500;

export function testArrival(world) {
  for (const [name, size] of Object.entries({ desk: DESK, phone: PHONE })) {
    for (const reducedMotion of ["no-preference", "reduce"]) {
      for (const part of PARTS) {
        test(`/#${part} leads there (${name}, motion: ${reducedMotion})`, () => arrives(world, part, { ...size, reducedMotion }));
      }
    }
  }

  test("/#double-click leads there, and its scene runs", () =>
    visit(world, async (page) => {
      await page.waitForSelector("#double-click[aria-busy]");
    }, { ...DESK, reducedMotion: "no-preference", path: "#double-click" }));

  test("where the page’s script does not come, an address with a part’s name shows the page all the same", () =>
    visit(world, async (page) => {
      const other = await page.context().newPage();
      await other.route("**/pkg/page.js", (route) => route.abort());
      await other.goto(`${world.guard}/#unknown`);
      await other.getByRole("heading", { name: "The shop dies in the middle" }).waitFor({ timeout: 10_000 });
    }));
}

async function arrives(world, part, profile) {
  const posts = [];
  const before = (context) => context.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
  await visit(world, async (page) => {
    await page.waitForTimeout(AFTERWARDS);
    const { top, window, shifts } = await page.evaluate(look, part);
    assert.ok(top >= 0 && top < window / 3, `${top} px below the top of ${window}`);
    const sum = shifts.reduce((total, { value }) => total + value, 0);
    assert.ok(sum < MAX_SHIFT, `${sum}: ${JSON.stringify(shifts, null, 1)}`);
    assert.deepEqual(posts, []);
  }, { ...profile, before, path: `#${part}` });
}

async function look(part) {
  const shifts = await new Promise((resolve) => {
    const ofItself = ({ hadRecentInput }) => !hadRecentInput;
    const told = ({ value, sources }) => ({ value, nodes: sources.map(({ node }) => node?.outerHTML?.slice(0, 80)) });
    new PerformanceObserver((list) => resolve(list.getEntries().filter(ofItself).map(told))).observe({ type: "layout-shift", buffered: true });
    setTimeout(resolve, 300, []);
  });
  return { top: document.getElementById(part).getBoundingClientRect().top, window: innerHeight, shifts };
}
