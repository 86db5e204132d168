// Lets the compiler see the Worker as one program. With `crate-type = ["cdylib", "rlib"]`, of which
// the tests need the second, cargo leaves link-time optimisation out without a word: the Worker
// would be 7 KB bigger, gzipped. Rules:
// 1. `cargo rustc --crate-type cdylib` makes the Worker's library and nothing else.
// 2. worker-build knows only `cargo build`, and finds cargo on PATH: there it meets a script that
//    says the one for the other, and hands on everything else.
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "./paths.mjs";

const folder = join(root, "target", "whole-program");
const CARGO = `#!/bin/sh
PATH=$ONLYONCE_PATH
if [ "$1" = build ]; then
  shift
  set -- rustc --crate-type cdylib "$@"
fi
exec cargo "$@"
`;

export function asWholeProgram(env) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "cargo"), CARGO, { mode: 0o755 });
  return { ...env, ONLYONCE_PATH: env.PATH, PATH: `${folder}${delimiter}${env.PATH}` };
}
