// What a process has used, from the kernel's own accounting (proc(5)).
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const NANOSECONDS = 1e9;
const BLOCK_BYTES = 512;

/**
 * Seconds of processor time, in user mode and in the kernel, of all its threads: by the scheduler,
 * which counts nanoseconds, where /proc/<pid>/stat has hundredths of a second.
 */
export function cpuSeconds(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + threadSeconds(`/proc/${pid}/task/${thread}/schedstat`), 0);
}

function threadSeconds(path) {
  return Number(readFileSync(path, "utf8").split(" ")[0]) / NANOSECONDS;
}

/** Bytes of memory that are the process's own: files that it has mapped do not count. */
export function memoryBytes(pid) {
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, "utf8").match(/^RssAnon:\s+(\d+) kB$/m);
  return Number(kilobytes) * 1024;
}

/**
 * Bytes that the databases in a folder take on the disk, with what has yet to be moved into them.
 * The index that an open one shares between processes (-shm) goes when its object is put away, which
 * may be while this looks.
 */
export function diskBytes(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.sqlite(-wal)?$/.test(name));
  const blocks = (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.blocks ?? 0;
  return files.reduce((sum, name) => sum + blocks(name) * BLOCK_BYTES, 0);
}
