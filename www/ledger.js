// The shop's ledger: what it executed, in its own words.

const TIMEOUT = 5000;

/** `lane` has the address and the ledger's name; times come back moved to this clock. */
export async function readLedger({ base, ledger, clockOffset }) {
  const response = await fetch(ledgerUrl(base, ledger), { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
  const { executions } = await response.json();
  return executions.map((line) => ({ ...line, at: Date.parse(line.executed_at) - clockOffset }));
}

export function ledgerUrl(base, ledger) {
  return `${base}/ledger?${new URLSearchParams({ ledger })}`;
}
