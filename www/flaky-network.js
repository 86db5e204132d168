// A flaky network for one page: a page cannot pull its own plug, so its `fetch` does it.
//
// 1. For the first `offline` ms every call fails at once, as it does without a network.
// 2. The first order that is sent after that is cut off after `cut` ms: it arrives, its answer
//    does not.
// 3. Each order that leaves is reported. Whatever leaves, and all that it meets, is real.

import { send } from "./send.js";

export function makeNetworkFlaky({ offline, cut, report }) {
  const realFetch = globalThis.fetch.bind(globalThis);
  const onlineAt = Date.now() + offline;
  let cutsLeft = cut ? 1 : 0;
  globalThis.fetch = async (input, init) => {
    if (Date.now() < onlineAt) throw new TypeError("Failed to fetch");
    const request = new Request(input, init);
    if (request.method !== "POST") return realFetch(request);
    return responseOrThrow(await send(request, { ...(await labelsOf(request)), timeout: cutsLeft-- > 0 && cut, timeoutReason: "cut off", report, fetch: realFetch }));
  };
}

async function labelsOf(request) {
  const { item } = await request.clone().json();
  const key = request.headers.get("idempotency-key")?.replaceAll('"', "");
  return { name: item, key };
}

function responseOrThrow({ response }) {
  if (response) return response;
  throw new TypeError("Failed to fetch");
}
