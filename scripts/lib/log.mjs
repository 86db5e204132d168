// What the scripts print, and how they fail. Rules:
// 1. Everything goes to stderr: stdout belongs to what a caller may read (`ready …`).
// 2. A step is named when it begins, shows its progress while it runs, and tells what it did.
// 3. A failure is one `Failure`: what went wrong, the last lines of output, and the cure.

// Off a terminal a progress line every few seconds is enough to see that it lives.
const QUIET_PROGRESS_MS = 15_000;
const LINE_PROGRESS_MS = 200;

export class Failure extends Error {
  constructor(message, { tail = [], cure } = {}) {
    super(message);
    this.tail = tail;
    this.cure = cure;
  }
}

export function log(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs `work` unless `done()` gives a reason why there is nothing to do.
 * `work` gets a function that shows progress, and may return a line that sums up.
 */
export async function step(name, { done = () => false, work }) {
  const reason = await done();
  if (reason) {
    log(`- ${name}: ${reason}`);
    return;
  }
  log(`> ${name} ...`);
  const started = Date.now();
  const progress = progressLine(name, started);
  try {
    const summary = await work(progress.show);
    progress.clear();
    log(`  ${name}: ${summary ?? "done"} (${seconds(started)})`);
  } catch (error) {
    progress.clear();
    throw named(error, name);
  }
}

function named(error, name) {
  if (error instanceof Failure) error.message = `${name}: ${error.message}`;
  return error;
}

function progressLine(name, started) {
  const live = process.stderr.isTTY;
  let shown = live ? 0 : Date.now();
  return {
    show(text) {
      if (Date.now() - shown < (live ? LINE_PROGRESS_MS : QUIET_PROGRESS_MS)) return;
      shown = Date.now();
      const line = `  ${name}: ${seconds(started)} ${text}`;
      process.stderr.write(live ? `\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}` : `${line}\n`);
    },
    clear() {
      if (live) process.stderr.write("\r\x1b[K");
    },
  };
}

function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}

/** Runs a script's main function; a Failure is told in full, anything else with its stack. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    log(error instanceof Failure ? failureText(error) : (error?.stack ?? String(error)));
    process.exit(1);
  }
}

function failureText(failure) {
  const tail = failure.tail.map((line) => `  | ${line}`);
  const cure = failure.cure ? [`cure: ${failure.cure}`] : [];
  return ["", `failed: ${failure.message}`, ...tail, ...cure].join("\n");
}
