// The environment that this page finds: a guard in front, and the shop's own address behind it.
//
// 1. The shop tells its own address (GET /shop), also through the guard. From there the requests of
//    the lanes "without the guard" are sent to it directly.
// 2. Where it cannot be reached from this browser, as behind a deployment that closed every other
//    way, those lanes send the same requests without a key: the guard passes such requests on as
//    they are, and the page says that it did so.
// 3. Times in the ledger are the shop's. Its clock is compared once, by the quickest answer: that one's
//    time is off by half its way at most.

const TIMEOUT = 3000;

/** `{ guard, direct, clockOffset }`: see the rules; `clockOffset` is the shop's clock less ours, in ms. */
export async function detectEnvironment() {
  const [health, shop] = await Promise.all([fetchJson("/.onlyonce/health"), fetchJson("/shop")]);
  const straight = await fetchStraight(shop?.body.address, health !== null);
  return {
    guard: health?.body.server_time > 0,
    direct: straight ? shop.body.address : null,
    clockOffset: clockOffset([shop, straight].filter(Boolean)),
  };
}

function clockOffset(answers) {
  const [quickest] = answers.sort((one, other) => (one.answeredAt - one.sentAt) - (other.answeredAt - other.sentAt));
  return quickest ? Date.parse(quickest.body.time) - (quickest.sentAt + quickest.answeredAt) / 2 : 0;
}

// The same address as the page's is the shop's own only where no guard is in front.
function fetchStraight(address, isGuarded) {
  if (!address || (isGuarded && address === location.origin)) return null;
  return fetchJson(`${address}/shop`);
}

async function fetchJson(url) {
  const sentAt = Date.now();
  try {
    const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) return null;
    return { body: await response.json(), sentAt, answeredAt: Date.now() };
  } catch {
    return null;
  }
}
