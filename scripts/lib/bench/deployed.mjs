// What is measured of the guard: the very modules that a deployment would upload. Rules:
// 1. `wrangler deploy --dry-run` makes them, whatever the tree's `main` and build put out, so a
//    commit of another layout can be measured as well.
// 2. An earlier commit is checked out in a folder of its own and built by its own scripts; what
//    came of it is kept by its hash in target/bench.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "../paths.mjs";
import { outputOf, run } from "../run.mjs";
import { Failure } from "../log.mjs";

const MODULE = /\.(js|wasm)$/;
const outputs = join(root, "target", "bench");

/** The modules of this tree's Worker, which has been built. */
export async function deployedModules() {
  const folder = join(outputs, "current");
  await deployInto(folder, root);
  return modulesIn(folder);
}

/** The modules of an earlier commit's Worker, by anything that git knows the commit by. */
export async function deployedModulesOf(ref, progress) {
  const commit = outputOf("git", ["-C", root, "rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
  if (!commit) throw new Failure(`--before "${ref}" names no commit`, { cure: "write a hash, a tag or a branch of this repository" });
  const folder = join(outputs, commit);
  if (!existsSync(folder)) await buildCommit(commit, folder, progress);
  return modulesIn(folder);
}

async function buildCommit(commit, folder, progress) {
  const parent = mkdtempSync(join(tmpdir(), "onlyonce-before-"));
  const tree = join(parent, "tree");
  const remove = () => {
    spawnSync("git", ["-C", root, "worktree", "remove", "--force", tree]);
    rmSync(parent, { recursive: true, force: true });
  };
  process.once("exit", remove);
  try {
    await run("git", ["-C", root, "worktree", "add", "--detach", tree, commit]);
    for (const script of ["setup.mjs", "build.mjs"]) {
      await run("node", [join("scripts", script)], { cwd: tree, onLine: progress, tailLines: 80 });
    }
    await deployInto(join(parent, "out"), tree);
    cpSync(join(parent, "out"), folder, { recursive: true });
  } finally {
    process.off("exit", remove);
    remove();
  }
}

async function deployInto(folder, tree) {
  rmSync(folder, { recursive: true, force: true });
  // wrangler wants a newer Node than the scripts do: the tree's packages may bring one.
  const path = [join(tree, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, WRANGLER_SEND_METRICS: "false" };
  await run(join(tree, "node_modules", ".bin", "wrangler"), ["deploy", "--dry-run", "--outdir", folder], { cwd: tree, env });
}

// The entry is the only script; the rest it imports by these very names.
function modulesIn(folder) {
  const names = readdirSync(folder).filter((name) => MODULE.test(name));
  const entryFirst = names.sort((a, b) => Number(b.endsWith(".js")) - Number(a.endsWith(".js")));
  return entryFirst.map((name) => join(folder, name));
}
