// What a process has used, from the kernel's own accounting (proc(5)).
import { readFileSync, readdirSync } from "node:fs";

const NANOSECONDS = 1e9;

/**
 * Seconds of processor time, in user mode and in the kernel, of all its threads: by the scheduler,
 * which counts nanoseconds, where /proc/<pid>/stat has hundredths of a second.
 */
export function cpuSeconds(pid) {
  return threadSeconds(pid, 0);
}

/** Seconds in which its threads could have run and no processor was free. */
export function waitedSeconds(pid) {
  return threadSeconds(pid, 1);
}

function threadSeconds(pid, field) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = (thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[field]);
  return threads.reduce((sum, thread) => sum + nanoseconds(thread), 0) / NANOSECONDS;
}

/** Bytes of memory that are the process's own: files that it has mapped do not count. */
export function memoryBytes(pid) {
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, "utf8").match(/^RssAnon:\s+(\d+) kB$/m);
  return Number(kilobytes) * 1024;
}

/** Bytes of memory that the process takes, files that it has mapped included. */
export function residentBytes(pid) {
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB$/m);
  return Number(kilobytes) * 1024;
}
