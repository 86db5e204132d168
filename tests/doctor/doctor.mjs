// Runs the doctor as a person does: as a process, with its arguments, its exit code and its streams.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders = [];
process.once("exit", () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const SCRIPT = new URL("../../scripts/doctor.mjs", import.meta.url).pathname;

/** `{ code, out, err }`; `input` is what it reads from standard input. */
export function doctor(args, { env = {}, input } = {}) {
  const child = spawn(process.execPath, [SCRIPT, ...args], { env: { PATH: process.env.PATH, ...env } });
  const streams = { out: "", err: "" };
  child.stdout.on("data", (text) => (streams.out += text));
  child.stderr.on("data", (text) => (streams.err += text));
  child.stdin.on("error", () => {}).end(input ?? "");
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, ...streams })));
}

/** The same with --json, read. */
export async function report(args, options) {
  const { code, out, err } = await doctor([...args, "--json"], options);
  if (out === "") throw new Error(`the doctor said nothing: ${err}`);
  return { code, ...JSON.parse(out) };
}

export function kinds({ findings }) {
  return findings.map(({ kind }) => kind);
}

/** As it reads, wherever its lines are broken. */
export function flat(text) {
  return text.replace(/\s+/g, " ");
}

/** A file with these lines, under a name that is nobody else's. */
export function logFile(lines, name = "guard.log") {
  const folder = mkdtempSync(join(tmpdir(), "onlyonce-doctor-"));
  folders.push(folder);
  const file = join(folder, name);
  writeFileSync(file, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
  return file;
}

/** One line of the guard's, as `npm start` prints it, at a second of 2026-11-22 21:00. */
export function line(second, members) {
  const at = new Date(Date.UTC(2026, 10, 22, 21, 0, second)).toISOString();
  return `guard | ${at} ${JSON.stringify(guardLine(members))}`;
}

export function guardLine(members) {
  return { outcome: "first", route: "/orders/**", method: "POST", status: 201, origin_ms: 90, total_ms: 100, ...members };
}

export const A = { record: "a".repeat(16), fingerprint: "f".repeat(16), claim: "11111111", attempt: 1, since_first_ms: 100 };
export const B = { ...A, record: "b".repeat(16), claim: "22222222" };
