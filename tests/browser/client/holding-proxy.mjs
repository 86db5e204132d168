// A network that is slow: keeps every POST on its way until `release()`, and delivers it then, though
// its sender may be gone. Everything else passes at once.

import { createServer, request } from "node:http";
import { once } from "node:events";

/** `{ url, held, release, stop }` of a proxy in front of `guard`; `release()` gives what each was answered. */
export async function startHoldingProxy(guard) {
  const held = [];
  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray());
    const deliver = async () => {
      const answer = await passOn(`${guard}${incoming.url}`, incoming, body);
      outgoing.writeHead(answer.status, answer.headers).end(answer.text);
      return answer;
    };
    if (incoming.method === "POST") return held.push(deliver);
    await deliver();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { url: `http://127.0.0.1:${server.address().port}`, held, release: () => Promise.all(held.splice(0).map((deliver) => deliver())), stop };
}

async function passOn(url, { method, headers }, body) {
  const call = request(url, { method, headers });
  call.end(body);
  const [answer] = await once(call, "response");
  return { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(await answer.toArray()).toString() };
}
