// The origin that a guard on this machine is told of.
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { startWith } from "./command.mjs";
import { Failure } from "./log.mjs";

const PATIENCE_MS = 3_000;

export function originFrom(text) {
  const url = URL.canParse(text) && new URL(text);
  if (url && /^https?:$/.test(url.protocol)) return text;
  throw new Failure(`ORIGIN="${text}" is not an http or https URL`, {
    cure: `write it with its scheme: ${startWith("origin", "http://127.0.0.1:9100")}`,
  });
}

/** A folder's name: keys that one origin has answered must not answer for another. */
export function folderOf(origin) {
  const { href, host } = new URL(origin);
  const digest = createHash("sha256").update(href).digest("hex").slice(0, 8);
  return `${host.replace(/[^a-z0-9.-]+/gi, "-")}-${digest}`;
}

/** Why nothing can be sent there, in a few words; undefined where somebody listens. */
export function whyUnreachable(origin) {
  const { protocol, hostname, port } = new URL(origin);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) || (protocol === "https:" ? 443 : 80), timeout: PATIENCE_MS });
    const settle = (reason) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once("connect", () => settle(undefined));
    socket.once("timeout", () => settle(`no connection within ${PATIENCE_MS / 1000} seconds`));
    // Where a name has several addresses, the code alone is filled in.
    socket.once("error", ({ code, message }) => settle(REASONS[code] ?? (message || code)));
  });
}

const REASONS = {
  ECONNREFUSED: "nobody listens there",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name could not be looked up",
};
