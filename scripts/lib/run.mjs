// Runs other programs. Rules:
// 1. Output is kept, and shown only when the program fails (its last lines) or when asked for.
// 2. A program has a process group of its own, which ends as a whole: when its time is up, and when
//    this process ends before it. Only one that may ask for a password stays in the terminal's.
// 3. Nothing goes through a shell: arguments arrive as they are written here.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { Failure } from "./log.mjs";

const TAIL_LINES = 25;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/**
 * Runs a program to its end and gives its stdout.
 * `onLine` sees every line of both streams, progress bars included, and says `false` to one that a
 * failure need not repeat; a failure holds the last `tailLines` of the others.
 */
export async function run(command, args, options = {}) {
  const { cwd, env, onLine, timeoutMs, cure, tailLines = TAIL_LINES, input = "ignore" } = options;
  const output = { stdout: "", lines: [] };
  const child = spawn(command, args, { cwd, env, stdio: [input, "pipe", "pipe"], detached: input === "ignore" });
  const release = endWithThisProcess(child);
  const timer = timeoutMs && setTimeout(() => endGroup(child), timeoutMs);
  child.stdout.setEncoding("utf8").on("data", (text) => (output.stdout += text));
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, keep(output.lines, tailLines, onLine));
  const ended = await endOf(child);
  clearTimeout(timer);
  release();
  if (ended !== "") throw failed(command, args, ended, output.lines, cure);
  return output.stdout;
}

/** Runs a program whose output is for the user, and shows it as it comes. */
export async function show(command, args, { cwd, env, cure } = {}) {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"], detached: true });
  const release = endWithThisProcess(child);
  const ended = await endOf(child);
  release();
  if (ended !== "") throw failed(command, args, ended, [], cure);
}

/** Runs a quick program: its trimmed stdout, or undefined where it fails or is missing. */
export function outputOf(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** The full path of a program on PATH, or undefined. */
export function which(name) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function endOf(child) {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.code === "ENOENT" ? "was not found" : error.message));
    child.on("close", (code, signal) => resolve(code === 0 ? "" : signal ? `was ended by ${signal}` : `exited with ${code}`));
  });
}

function endGroup(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended on its own in the meantime, or has no group of its own.
    child.kill("SIGKILL");
  }
}

function endWithThisProcess(child) {
  const end = () => endGroup(child);
  process.on("exit", end);
  const handlers = Object.entries(SIGNALS).map(([signal, number]) => {
    const handler = () => process.exit(128 + number);
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => [() => process.off("exit", end), ...handlers].forEach((remove) => remove());
}

function eachLine(stream, take) {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split(/[\r\n]+/);
    rest = lines.pop();
    lines.forEach(take);
  });
  stream.on("end", () => rest && take(rest));
}

function keep(lines, tailLines, onLine) {
  return (line) => {
    if (line.trim() === "" || onLine?.(line) === false) return;
    lines.push(line);
    if (lines.length > tailLines) lines.shift();
  };
}

function failed(command, args, ended, tail, cure) {
  return new Failure(`\`${[command, ...args].join(" ")}\` ${ended}`, { tail, cure });
}
