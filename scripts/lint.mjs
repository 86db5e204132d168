// npm run lint: formatting, and clippy for the host and for wasm32, with warnings as errors.
import { log, main } from "./lib/log.mjs";
import { root, wasmTriple } from "./lib/paths.mjs";
import { show } from "./lib/run.mjs";
import { setup } from "./lib/setup.mjs";
import { takesNoArguments } from "./lib/usage.mjs";

// Not among the targets of a plain `cargo test`.
const PROOF = ["--test", "model", "--test", "simulation"];
const STRICT = ["--", "-D", "warnings"];

await main(async () => {
  takesNoArguments("npm run lint: formatting, and clippy for the host and for wasm32, with warnings as errors");
  await setup({ lint: true });
  await lint("formatting", ["fmt", "--check"]);
  await lint("clippy, host", ["clippy", "--locked", "--all-targets", ...STRICT]);
  await lint("clippy, proof", ["clippy", "--locked", ...PROOF, ...STRICT]);
  const wasm = ["clippy", "--locked", "--lib", "--target", wasmTriple];
  await lint(`clippy, ${wasmTriple}`, [...wasm, ...STRICT]);
  for (const [feature, whose] of [["browser", "the page"], ["tools", "scripts"]]) {
    await lint(`clippy, ${wasmTriple}, for ${whose}`, [...wasm, "--features", feature, ...STRICT]);
  }
});

async function lint(name, args) {
  log(`\n== ${name} ==`);
  await show("cargo", args, { cwd: root });
}
