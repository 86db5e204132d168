// Writes what a guard's deployment needs into a folder: see USAGE. Rules:
// 1. It asks nothing: what the files say has a good default, or an example to change.
// 2. Nothing is overwritten: a file that is there ends it before anything is written. package.json and
//    .gitignore, which npm and git make, get what they lack, and keep what they have.
// 3. The files are those of template/, which "Deploy to Cloudflare" takes as well.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { commandLine } from "./lib/command.mjs";
import { Failure, log, main } from "./lib/log.mjs";
import { root } from "./lib/paths.mjs";
import { helpIfAsked, parsedArguments } from "./lib/usage.mjs";

const USAGE = `npx onlyonce init [FOLDER]
Writes wrangler.toml, package.json, .dev.vars.example and .gitignore for a guard into FOLDER, else into this one.
A file that is there is never overwritten; package.json and .gitignore get what they lack.`;

const WHOLE = ["wrangler.toml", ".dev.vars.example"];
// npm leaves every .gitignore out of a package.
const template = (name) => [name, name.replace(/^\./, "")].map((each) => join(root, "template", each)).find(existsSync);

await main(async () => {
  helpIfAsked(USAGE);
  const { positionals } = parsedArguments(process.argv.slice(2), {}, USAGE, true);
  if (positionals.length > 1) throw new Failure(`"${positionals[1]}" is one folder too many`, { cure: USAGE });
  const folder = positionals[0] ?? "";
  refuseOverwriting(folder);
  // Read before anything is written: it may be no JSON.
  const manifest = withWhatItLacks(join(folder, "package.json"));
  mkdirSync(join(folder, "."), { recursive: true });
  for (const name of WHOLE) writeFileSync(join(folder, name), readFileSync(template(name)));
  writeFileSync(join(folder, "package.json"), manifest);
  writeFileSync(join(folder, ".gitignore"), ignored(join(folder, ".gitignore")));
  printNext(folder);
});

function refuseOverwriting(folder) {
  const there = WHOLE.map((name) => join(folder, name)).find(existsSync);
  if (!there) return;
  throw new Failure(`${there} is there already, and nothing is overwritten`, {
    cure: `move it away, or name another folder: ${commandLine("init", "my-guard")}`,
  });
}

/** The text of package.json: the template's, under what the one that is there says. */
function withWhatItLacks(file) {
  const wanted = JSON.parse(readFileSync(template("package.json"), "utf8"));
  const own = existsSync(file) ? jsonOf(file) : {};
  // Beside a package that is there already it would be the same one twice.
  const known = { ...own.dependencies, ...own.devDependencies };
  const { devDependencies, ...rest } = wanted;
  const more = Object.fromEntries(Object.entries(devDependencies).filter(([name]) => !(name in known)));
  const merged = { ...rest, ...own, scripts: { ...rest.scripts, ...own.scripts }, devDependencies: { ...own.devDependencies, ...more } };
  return `${JSON.stringify(merged, null, 2)}\n`;
}

function jsonOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Failure(`${file} is no JSON: ${error.message}`, { cure: "mend it, or move it away" });
  }
}

function ignored(file) {
  const own = existsSync(file) ? readFileSync(file, "utf8") : "";
  const lines = own.split(/\r?\n/);
  const missing = readFileSync(template(".gitignore"), "utf8").split("\n").filter((line) => line !== "" && !lines.includes(line));
  return [own && !own.endsWith("\n") ? `${own}\n` : own, ...missing.map((line) => `${line}\n`)].join("");
}

function printNext(folder) {
  const here = relative("", folder);
  log(`wrangler.toml, package.json, .dev.vars.example and .gitignore are in ${here || "this folder"}. Next:
${here ? `  cd ${here}\n` : ""}  npm install                   wrangler, and this package
  npx onlyonce dev              the guard on this machine, in front of a demo shop; --origin URL: of your API
  edit wrangler.toml            ORIGIN, the routes where the guard answers, and the policy
  npx onlyonce check-policy     what holds for which path
  npm run deploy                to Cloudflare`);
}
