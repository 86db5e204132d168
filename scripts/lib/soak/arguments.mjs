// The command line of soak.mjs: which scenarios, and for how long.
import { Failure } from "../log.mjs";
import { parsedArguments } from "../usage.mjs";
import { HOSTILE } from "./hostile.mjs";

export const USAGE = `npm run soak [-- SCENARIO...] [--minutes N] [--seconds N] [--rate N]: the guard under load, on this machine.
  mixed      mixed traffic at four fifths of what the guard holds, for 30 minutes (the default)
  hostile    each of ${Object.keys(HOSTILE).join(", ")},
             with a customer beside it
  new-keys   one caller floods with new keys while another replays, with NEW_KEYS and without
  all        all of these
  --minutes N, --seconds N  how long: of mixed 30 minutes (or SOAK_MINUTES), of each other one 30 seconds
  --rate N   of mixed: requests a second, in the place of four fifths of what it holds
stdout: the tables, in Markdown. It ends with 1 if the guard did not hold. docs/PROOF.md says what they mean.`;

const OPTIONS = { minutes: { type: "string" }, seconds: { type: "string" }, rate: { type: "string" } };
const USUAL_MINUTES = "30";
const USUAL_SECONDS = 30;
const GROUPS = { hostile: Object.keys(HOSTILE), all: ["mixed", ...Object.keys(HOSTILE), "new-keys"] };

/** `{ scenarios, mixedSeconds, otherSeconds, rate }`. */
export function soakArguments(args, env) {
  const { values, positionals } = parsedArguments(args, OPTIONS, USAGE, true);
  const named = positionals.length ? positionals : ["mixed"];
  const scenarios = [...new Set(named.flatMap((name) => GROUPS[name] ?? [name]))];
  const unknown = scenarios.filter((name) => !GROUPS.all.includes(name));
  if (unknown.length) throw new Failure(`no scenario is called ${unknown.join(", ")}`, { cure: `choose from ${[...GROUPS.all, "hostile", "all"].join(", ")}` });
  const asked = secondsFrom(values);
  return {
    scenarios,
    mixedSeconds: asked ?? 60 * above0("SOAK_MINUTES", env.SOAK_MINUTES || USUAL_MINUTES),
    otherSeconds: asked ?? USUAL_SECONDS,
    rate: values.rate && above0("--rate", values.rate),
  };
}

function secondsFrom({ minutes, seconds }) {
  if (minutes && seconds) throw new Failure("--minutes and --seconds say two things", { cure: "write one of them" });
  if (seconds) return above0("--seconds", seconds);
  return minutes && 60 * above0("--minutes", minutes);
}

function above0(name, text) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Failure(`${name} "${text}" is no whole number above 0`, { cure: `write ${name} 30` });
}
