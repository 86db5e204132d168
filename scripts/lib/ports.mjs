// Ports on this machine. A busy or impossible one is told in one sentence, before anything starts.
import { createServer } from "node:net";
import { startWith } from "./command.mjs";
import { Failure } from "./log.mjs";

export const HOST = "127.0.0.1";
const LAST_PORT = 65_535;

/** A port number from text; `name` is what the message calls it. */
export function portFrom(text, name) {
  if (/^\d{1,5}$/.test(text) && Number(text) <= LAST_PORT) return Number(text);
  throw new Failure(`${name} "${text}" is not a port`, { cure: `write a number from 0 to ${LAST_PORT}; 0 takes a free one` });
}

/** The port beside this one, or any free one. */
export function portAfter(port) {
  return port === 0 || port === LAST_PORT ? 0 : port + 1;
}

/** `whose` says in the message what the port is for. */
export function refuseBusyPort(port, whose = "") {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => reject(busy(port, whose, error)));
    probe.listen(port, HOST, () => probe.close(resolve));
  });
}

function busy(port, whose, error) {
  const why = error.code === "EADDRINUSE" ? "is in use by another program" : `cannot be used (${error.message})`;
  const named = `port ${port} on ${HOST}${whose && `, ${whose},`}`;
  return new Failure(`${named} ${why}`, { cure: `end that program, or choose another port (${startWith("port", 9000)})` });
}
