// The shop's ledger: what it executed, in its own words.

const PATIENCE = 5000;

/** `lane` has the address and the ledger's name; times come back moved to this clock. */
export async function readLedger({ base, ledger, ahead }) {
  const response = await fetch(ledgerUrl(base, ledger), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  const { executions } = await response.json();
  return executions.map((line) => ({ ...line, at: Date.parse(line.executed_at) - ahead }));
}

export function ledgerUrl(base, ledger) {
  return `${base}/ledger?${new URLSearchParams({ ledger })}`;
}
