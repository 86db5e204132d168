// The shop's ledger: what it executed, in its own words.

const TIMEOUT = 5000;
const POLL_INTERVAL = 300;

/** `lane` has the address and the ledger's name; times come back moved to this clock. */
export async function readLedger({ base, ledger, clockOffset }) {
  const response = await fetch(ledgerUrl(base, ledger), { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
  if (!response.ok) throw new Error(`the shop answered ${response.status}`);
  const { executions } = await response.json();
  return executions.map((line) => ({ ...line, at: Date.parse(line.executed_at) - clockOffset }));
}

export function ledgerUrl(base, ledger) {
  return `${base}/ledger?${new URLSearchParams({ ledger })}`;
}

/**
 * Reads a lane's ledger now and then: the shop executes before it answers. `last()` ends that, and
 * reads once more; where that fails nothing counts, since what was read before is no longer all.
 */
export function pollLedger(lane) {
  const { recording } = lane;
  let busy = false;
  const read = async () => {
    if (busy) return;
    busy = true;
    await readLedger(lane).then((executions) => recording.setExecutions(executions), () => {});
    busy = false;
  };
  const timer = setInterval(read, POLL_INTERVAL);
  const last = async () => {
    clearInterval(timer);
    await readLedger(lane).then((executions) => recording.setExecutions(executions), () => recording.setExecutions(null));
  };
  return { last };
}
