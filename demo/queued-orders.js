// Orders that are carried out later: POST /orders/later puts an order on a queue, and the queue's
// consumer sends it to POST /orders.
//
// 1. What is no order is refused at once, not from the queue.
// 2. A client's own Idempotency-Key is the message's key: an order that was put on the queue twice
//    is one order. Without one, every message is an order.
// 3. The query travels with it, so faults can be asked for here too.

import { json, refuseMethod } from "./answer.js";
import { orderFrom } from "./order.js";

export async function queueOrder(request, url, env) {
  if (request.method !== "POST") refuseMethod(request.method, url.pathname, "POST");
  const order = await orderFrom(request);
  const key = request.headers.get("idempotency-key");
  await env.ORDER_QUEUE.send({ key, method: "POST", path: `/orders${url.search}`, body: order });
  return json(202, { queued: order });
}
