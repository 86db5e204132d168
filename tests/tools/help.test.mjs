// Every script tells what it does, and does nothing else when it is asked.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { root, run } from "./script.mjs";

for (const file of readdirSync(`${root}scripts`).filter((name) => name.endsWith(".mjs"))) {
  const name = file.replace(/\.mjs$/, "");
  test(`${name} --help`, async () => {
    const { code, out, err } = await run(name, ["--help"]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, new RegExp(`${name}|npm`));
    assert.deepEqual((await run(name, ["-h"])).out, out);
  });
}

test("an argument that means nothing is refused, with what is allowed", async () => {
  for (const name of ["start", "build", "lint", "budgets"]) {
    const { code, err } = await run(name, ["--loud"]);
    assert.equal(code, 1, name);
    assert.match(err, /--loud means nothing here[\s\S]*npm (run )?\w+/, name);
  }
});
