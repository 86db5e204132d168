// The floor: the least guard with an object for each key.
import { leastGuard } from "./least-guard.mjs";

export { IdempotencyGuard } from "./least-guard.mjs";
export default leastGuard((key) => key);
