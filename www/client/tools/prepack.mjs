// npm pack runs this first: makes the types from the modules' JSDoc, after proving it, and puts
// the licences beside them.
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const client = fileURLToPath(new URL("..", import.meta.url));
const root = join(client, "..", "..");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

rmSync(join(client, "types"), { recursive: true, force: true });
const args = ["-p", client, "--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", join(client, "types")];
execFileSync(process.execPath, [tsc, ...args], { stdio: ["ignore", 2, 2] });
for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(root, name), join(client, name));
