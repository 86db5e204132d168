// What SQLite databases take, as the platform counts it: pages in use, whether they have moved from
// the log of an open database (-wal) into its file or not. The log itself does not count: it has up to
// 4 MB for each open database, however little is stored, and goes with the object.
// See "Database File Format", sections 1.3 and 4, of SQLite's own documentation.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const LOG_HEADER = 32;
const FRAME_HEADER = 24;
const LARGEST_PAGE = 65_536;

/** Bytes of all databases below a folder, open ones included. */
export function databaseBytes(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".sqlite"));
  return files.reduce((sum, name) => sum + bytesOf(join(folder, name)), 0);
}

function bytesOf(path) {
  const log = readOrEmpty(`${path}-wal`);
  return committedBytes(log) ?? fileBytes(readOrEmpty(path));
}

// An object that leaves the memory takes its log away, and that may be while this looks.
function readOrEmpty(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

// The frames of an earlier use of the log carry another salt and count no more. Each commit's last
// frame says how many pages the database has from there on.
function committedBytes(log) {
  if (log.length < LOG_HEADER) return undefined;
  const pageBytes = log.readUInt32BE(8);
  const salt = log.subarray(16, 24);
  let pages;
  for (let at = LOG_HEADER; at + FRAME_HEADER <= log.length; at += FRAME_HEADER + pageBytes) {
    if (!log.subarray(at + 8, at + 16).equals(salt)) break;
    pages = log.readUInt32BE(at + 4) || pages;
  }
  return pages && pages * pageBytes;
}

function fileBytes(file) {
  if (file.length === 0) return 0;
  // 65,536 does not fit into two bytes, and is written as 1.
  const pageBytes = file.readUInt16BE(16) === 1 ? LARGEST_PAGE : file.readUInt16BE(16);
  return file.readUInt32BE(28) * pageBytes;
}
