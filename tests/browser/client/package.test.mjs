// The client as a package: its types hold, it weighs what it may, and what npm packs can be
// installed, imported and type-checked by a project of its own.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const client = fileURLToPath(new URL("../../../www/client/", import.meta.url));
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
const folder = mkdtempSync(join(tmpdir(), "onlyonce-package-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const CONSUMER = `
  import { fetchOnce, giveUp, guardForm, newKey, statusOf, NoAnswer, Outbox, outcomeOf, problemOf } from "@onlyonce/client";
  import type { Change, FormOptions, FormRequest, GiveUpRequest, Item, KeyStatus, OnceOptions, OutboxOptions, Outcome, Problem, Report, RetryPolicy, StartOver, State } from "@onlyonce/client";
  import { Outbox as Same } from "@onlyonce/client/outbox";
  import "@onlyonce/client/auto";
  const key: string = newKey();
  const answer: Response = await fetchOnce("/orders", { method: "POST" }, { key, onAttempt: ({ outcome }) => outcome === "final" });
  const outcome: Outcome & ("final" | "not-processed" | "unknown") = outcomeOf(answer, await problemOf(answer));
  const ask = ({ key, signal }: GiveUpRequest) => giveUp("/", key, { headers: { a: "b" }, signal });
  const guarded = guardForm(document.forms[0]!, { send: ({ data, key }) => fetchOnce("/", { body: data }, { key }), giveUp: ask, onState: ({ state }) => state === "unknown" });
  const over: StartOver = await guarded.startOver({ anyway: true });
  const isOver: boolean = over.startedOver && over.state === "fenced" && (await new Outbox().giveUp(key)).startedOver;
  const status: KeyStatus = await statusOf("/orders", key, { headers: { a: "b" } });
  const fenced: boolean = (await giveUp(new URL("https://x.example"), key)).state === "fenced";
  const item: Item = await new Outbox({ generateKey: () => key, authorize: async () => ({ a: "b" }) }).start().enqueue("/x", undefined, { lane: "a" });
  const state: "queued" | "sending" | "synced" | "failed" | "stale" = item.state;
  const same: typeof Outbox = Same;
  const retry: RetryPolicy = { attempts: 1, baseDelay: 1, maxDelay: 1, maxRetryAfter: 1 };
  const once: OnceOptions & Partial<RetryPolicy> = { ...retry, key, onAttempt: (report: Report) => void (report.problem satisfies Problem | null | undefined) };
  const form: FormOptions = { send: async (request: FormRequest) => fetchOnce(request.url, request.init, once), onState: (change: Change) => void (change.state satisfies State) };
  const queue: OutboxOptions = { onChange: (item: Item) => void item.answer };
  // @ts-expect-error: a timestamp is no key
  void fetchOnce("/orders", {}, { key: Date.now() });
  console.log(isOver, status.expires_at, fenced, outcome, state, same, NoAnswer, form, queue);
`;

test("the JSDoc holds under --checkJs --strict", () => {
  run(process.execPath, [tsc, "-p", client]);
});

test("all of it weighs at most what the project allows itself", () => {
  console.log(run(process.execPath, [join(client, "tools", "size.mjs")]));
});

test("what npm packs holds the modules and their types, and nothing else", () => {
  const names = unpacked().map((name) => name.replace(/^package\//, ""));
  const others = names.filter((name) => !/^([a-z-]+\.js|types\/[a-z-]+\.d\.ts)$/.test(name));
  assert.deepEqual(others.toSorted(), ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"]);
  for (const { types, default: module } of Object.values(manifest().exports)) {
    assert.ok(names.includes(types.slice(2)) && names.includes(module.slice(2)), `${types} and ${module} are packed`);
  }
  assert.equal(manifest().dependencies, undefined);
});

test("a strict TypeScript project can use it", () => {
  writeFileSync(join(folder, "consumer.mts"), CONSUMER);
  run(process.execPath, [tsc, "--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,dom.iterable", join(folder, "consumer.mts")]);
});

test("its modules can be imported one by one", () => {
  const code = `import { newKey } from "@onlyonce/client/key"; import { fetchOnce } from "@onlyonce/client/fetch-once";
    import { guardForm } from "@onlyonce/client/guard-form"; import { Outbox } from "@onlyonce/client/outbox";
    console.log(newKey().length, typeof fetchOnce, typeof guardForm, typeof Outbox);`;
  writeFileSync(join(folder, "consumer.mjs"), code);
  assert.equal(run(process.execPath, [join(folder, "consumer.mjs")]).trim(), "36 function function function");
});

/** Packs it and puts it where the consumers find it, once; returns what was packed. */
function unpacked() {
  const [{ filename, files }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], client));
  const target = join(folder, "node_modules", "@onlyonce", "client");
  mkdirSync(target, { recursive: true });
  run("tar", ["-xzf", join(folder, filename), "-C", target, "--strip-components", "1"]);
  return files.map(({ path }) => path);
}

function manifest() {
  return JSON.parse(readFileSync(join(client, "package.json"), "utf8"));
}

function run(command, args, cwd = folder) {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch ({ stdout, stderr }) {
    throw new Error(`${command} ${args.join(" ")}:\n${stdout}${stderr}`);
  }
}
