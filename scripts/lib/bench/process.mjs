// What a process has used, from the kernel's own accounting (proc(5)).
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

// The unit of the times in /proc/<pid>/stat; it is 100 on every Linux that Node runs on.
const TICKS_PER_SECOND = 100;
const BLOCK_BYTES = 512;

/** Seconds of processor time, in user mode and in the kernel, of all its threads. */
export function cpuSeconds(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may hold spaces. utime and stime are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
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
