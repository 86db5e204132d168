// One lane of a scene, without or with the guard: where it sends to, under which key, and into
// which ledger.
//
// 1. Each run of each lane has a ledger of its own, so that runs do not mix.
// 2. Both lanes send the same requests at the same moments. Only the address differs, or where the
//    shop's own cannot be reached, the key (see environment.js).

import { ownAddress } from "./departures.js";
import { Recording } from "./recording.js";
import { generateKey } from "./rules.js";
import { send } from "./send.js";

const ITEM = "Coffee beans";

export class Lane {
  /** `guarded`: whether the guard is to be in front; `attempts`: how many there will be; `path`: of the shop. */
  constructor(environment, guarded, { attempts = 0, path = "/orders" } = {}) {
    this.guarded = guarded && environment.guard;
    this.isGuardedSide = guarded;
    this.base = guarded ? "" : (environment.direct ?? "");
    this.sendsKey = guarded || environment.direct !== null;
    this.clockOffset = environment.clockOffset;
    this.path = path;
    this.key = generateKey();
    // There the shop finds an order by its key alone.
    this.ledger = path === "/orders-by-key" ? this.key : `page-${generateKey()}`;
    // Where there is no way around the guard, both lanes go through it.
    this.recording = new Recording({ guarded: environment.guard && (guarded || environment.direct === null), attempts });
  }

  /** The address of its orders, with instructions to the shop: how long, how it fails. */
  url(instructions = {}) {
    const query = new URLSearchParams({ ledger: this.ledger, ...instructions });
    return new URL(`${this.base}${this.path}?${query}`, location.href).href;
  }

  request({ body = orderJson({}), key = this.key, ...instructions } = {}) {
    const headers = { "content-type": "application/json" };
    if (this.sendsKey) headers["idempotency-key"] = `"${key}"`;
    return new Request(ownAddress(this.url(instructions)), { method: "POST", headers, body });
  }

  /** Sends an order; `options` are those of `request`, and `name`, `timeout`. */
  send({ name, timeout, ...options }) {
    this.resend = ({ name = "again" } = {}) => this.send({ ...options, name });
    const key = this.sendsKey ? (options.key ?? this.key) : undefined;
    return send(this.request(options), { name, key, timeout, report: (attempt) => this.recording.report(attempt) });
  }
}

/** An order as it is sent: JSON. */
export function orderJson({ item = ITEM, quantity = 2, price_cents = 1250 }) {
  return JSON.stringify({ item, quantity, price_cents });
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
