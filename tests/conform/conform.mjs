// Runs the kit as a person does: as a process, with its arguments, its exit code and its streams.
import { spawn } from "node:child_process";

const SCRIPT = new URL("../../scripts/conform.mjs", import.meta.url).pathname;
export const ALICE = "Bearer sesame-of-alice";
export const BOB = "Bearer sesame-of-bob";

/** `{ code, out, err }` */
export function conform(args) {
  const child = spawn(process.execPath, [SCRIPT, ...args], { env: { PATH: process.env.PATH } });
  const streams = { out: "", err: "" };
  child.stdout.on("data", (text) => (streams.out += text));
  child.stderr.on("data", (text) => (streams.err += text));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, ...streams })));
}

/** Its report on a server of the tests, with everything that it can be told. */
export async function report({ url, otherUrl, count }, profile, more = []) {
  const all = [
    "--profile", profile, "--body", '{"item":"beans","quantity":2}', "--id", "/id",
    "--header", `Authorization: ${ALICE}`, "--other", `Authorization: ${BOB}`,
    ...(otherUrl ? ["--other-url", otherUrl] : []), ...(count ? ["--count", count] : []),
    "--slow", "?delay=800", "--server-error", "?status=500", "--client-error", "?status=402",
  ];
  const { code, out, err } = await conform([url, ...all, ...more, "--json", "-"]);
  if (out === "") throw new Error(`the kit said nothing: ${err}`);
  return { code, err, ...JSON.parse(out) };
}

/** The ids of the checks with this verdict, of one level or of all. */
export function ids({ checks }, verdict, level) {
  return checks.filter((check) => check.verdict === verdict && (level === undefined || check.level === level)).map(({ id }) => id);
}

/** Each check that does not stand as it should, to be read. */
export function told({ checks }) {
  return checks.filter(({ verdict }) => verdict !== "passed").map(({ id, verdict, seen }) => `${verdict} ${id}: ${seen}`).join("\n");
}
