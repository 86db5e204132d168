// The package `onlyonce`: the Worker as it is built, and the commands around it, for machines without Rust. Rules:
// 1. It lies as the repository does, so that every script finds there what it wants.
// 2. Of the scripts it has those that its commands reach, and nothing that builds.
// 3. Its package.json is made here: what it depends on has the repository's own versions, since what runs the
//    guard on a machine uses wrangler's inner parts.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bins, root, targetFolder } from "./paths.mjs";
import { run } from "./run.mjs";

const COMMANDS = ["onlyonce", "init", "dev", "check-policy", "doctor", "openapi", "conform", "runtime"];
// Only the repository asks for these.
const BUILDING = ["build", "setup"];
const FOLDERS = ["build", "demo", "docs", "scripts/pkg", "template", "www/console", "www/pkg"];
const FILES = ["src/worker.mjs", "README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-MIT", "LICENSE-APACHE"];
const PAGES = ["api.html", "index.html", "queue.html", "tab.html", "style.css", "scene.css", "timeline.css", "document.css"];
const DEPENDENCIES = ["wrangler", "yaml"];

const folder = join(targetFolder, "package");
const staged = join(folder, "onlyonce");

/** Makes the package of what is built, and returns its file. */
export async function pack() {
  rmSync(folder, { recursive: true, force: true });
  for (const name of FOLDERS) cpSync(join(root, name), join(staged, name), { recursive: true, filter: (path) => !path.endsWith(".map") });
  for (const name of [...FILES, ...PAGES.map((page) => `www/${page}`), ...(await reachedScripts())]) copy(name, name);
  // npm leaves every .gitignore out; `onlyonce init` knows it under this name as well.
  copy("template/.gitignore", "template/gitignore");
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  const [{ filename }] = JSON.parse(await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: staged }));
  return join(folder, filename);
}

function copy(from, to) {
  const target = join(staged, to);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(root, from), target);
}

/** The scripts, and every module that they import, as esbuild follows them. */
async function reachedScripts() {
  const metafile = join(folder, "scripts.json");
  const entries = COMMANDS.map((name) => `scripts/${name}.mjs`);
  const external = BUILDING.map((name) => `--external:*/${name}.mjs`);
  const options = ["--bundle", "--platform=node", "--format=esm", "--packages=external", "--log-level=error", `--outdir=${join(folder, "scripts")}`];
  await run(join(bins, "esbuild"), [...entries, ...external, ...options, `--metafile=${metafile}`], { cwd: root });
  return Object.keys(JSON.parse(readFileSync(metafile, "utf8")).inputs);
}

function manifest() {
  const { name, version, description, license, type, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    name,
    version,
    description,
    keywords: ["idempotency", "idempotency-key", "cloudflare", "workers", "durable-objects", "retry"],
    license,
    ...repository(process.env),
    type,
    bin: { onlyonce: "scripts/onlyonce.mjs" },
    engines: { node: ">=22.12" },
    dependencies: Object.fromEntries(DEPENDENCIES.map((each) => [each, devDependencies[each]])),
  };
}

/** Where it is made by GitHub's own hands, it says of which repository: npm's provenance wants that. */
function repository({ GITHUB_SERVER_URL, GITHUB_REPOSITORY }) {
  return GITHUB_REPOSITORY ? { repository: { type: "git", url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git` } } : {};
}
