// What LLVM is told beside the profile's `opt-level = "z"`: the gzipped Worker is 2 % smaller. Rules:
// 1. They only say what is not to be made larger for speed, or what is to be made once instead of
//    twice; no result depends on them.
// 2. They are no stable interface: one that this LLVM does not know is left out.
import { ask } from "./run.mjs";

const FLAGS = [
  // Loads are not copied into every way that leads to them.
  "-enable-load-pre=false",
  // What both sides of a branch begin or end with stands once, in front of it or behind it.
  "-hoist-common-insts",
  "-sink-common-insts",
  // WebAssembly has an offset in every load: loops need no pointers of their own.
  "-disable-lsr",
  // Longer code is copied where the copy saves a jump; 12 is what saves bytes.
  "-jump-threading-threshold=12",
];

/** For the crate that link-time optimisation ends in. */
export function llvmFlags(env) {
  return FLAGS.map((flag) => `-Cllvm-args=${flag}`).filter((flag) => ask("rustc", [flag, "--print", "cfg"], env) !== undefined);
}
