// One customer, with one client: a lane of its own at the origin and on the wire, and a secret that
// names it. What an order ended in is data, so that a test compares it whole.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { axios } from "./sdk/axios.mjs";
import { got } from "./sdk/got.mjs";
import { openai } from "./sdk/openai.mjs";
import { stripe } from "./sdk/stripe.mjs";
import { undici } from "./sdk/undici.mjs";

export const CLIENTS = [stripe, openai, axios, got, undici];
/** How often each client sends a request again before it gives up. */
export const RETRIES = 2;
/** How many tests of a file run at once: most of their time is waiting. */
export const AT_ONCE = 12;
/** A time-out that ends an attempt whose answer waits for the next one. */
export const HASTY = 1500;
const TIMEOUT = 15_000;

export function newLane() {
  return `lane-${randomBytes(6).toString("hex")}`;
}

/** When a lane has asked twice and the second request has had the time to join the first. */
export async function secondRequest({ asked }) {
  while (asked().length < 2) await pause(20);
  await pause(500);
}

/** `{ lane, order(options), counts(), asked(), script(...steps) }`; an order without a key has `key: null`. */
export function newCustomer(client, { guard, origin }) {
  const lane = newLane();
  const asked = () => guard.asked(lane);
  const order = async ({ key = lane, amount = 450, secret = `sk_test_${lane}`, timeout = TIMEOUT, retries = RETRIES } = {}) => {
    try {
      const send = client.connect({ url: guard.url, secret, timeout, retries });
      return { resolved: true, ...(await send({ key, amount })) };
    } catch (error) {
      return { resolved: false, ...client.read(error) };
    }
  };
  const counts = () => {
    const { arrived, executed } = origin.lane(lane);
    return { asked: asked().length, arrived: arrived.length, executed };
  };
  return { lane, order, asked, counts, script: (...steps) => origin.script(lane, ...steps) };
}
