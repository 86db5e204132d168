// A bad network for one page: a page cannot pull its own plug, so its `fetch` does it.
//
// 1. For the first `offline` ms every call fails at once, as it does without a network.
// 2. The first order that is sent after that is cut off after `cut` ms: it arrives, its answer
//    does not.
// 3. Each order that leaves is reported. Whatever leaves, and all that it meets, is real.

import { send } from "./send.js";

export function makeNetworkFlaky({ offline, cut, report }) {
  const real = globalThis.fetch.bind(globalThis);
  const online = Date.now() + offline;
  let cuts = cut ? 1 : 0;
  globalThis.fetch = async (input, init) => {
    if (Date.now() < online) throw new TypeError("Failed to fetch");
    const request = new Request(input, init);
    if (request.method !== "POST") return real(request);
    return answered(await send(request, { ...(await named(request)), timeout: cuts-- > 0 && cut, late: "cut off", report, fetch: real }));
  };
}

async function named(request) {
  const { item } = await request.clone().json();
  return { name: item, key: item };
}

function answered({ response }) {
  if (response) return response;
  throw new TypeError("Failed to fetch");
}
