// A network that breaks: passes everything on to the guard, but cuts the first answer to a POST off
// in the middle of its body.

import { createServer, request } from "node:http";
import { once } from "node:events";

/** `{ url, stop }` of a proxy in front of `guard`. */
export async function startCuttingProxy(guard) {
  let cut = false;
  const server = createServer(async (incoming, outgoing) => {
    const call = request(`${guard}${incoming.url}`, { method: incoming.method, headers: incoming.headers });
    incoming.pipe(call);
    const [answer] = await once(call, "response");
    outgoing.writeHead(answer.statusCode, answer.headers);
    if (cut || incoming.method !== "POST") return answer.pipe(outgoing);
    cut = true;
    const body = Buffer.concat(await answer.toArray());
    outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}
