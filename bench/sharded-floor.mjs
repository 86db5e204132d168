// The sharded floor: the least guard on 256 objects, as many as the guard's `shards` by default.
import { leastGuard } from "./least-guard.mjs";

const SHARDS = 256;

export { IdempotencyGuard } from "./least-guard.mjs";
export default leastGuard((key) => `shard-${hash(key) % SHARDS}`);

// FNV-1a, 32 bits.
function hash(key) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
