// A network that breaks: passes everything on to the guard, but loses the first answer to a POST:
// in the middle of its body, or all of it (`whole`), and then every answer until `mend()`.

import { createServer, request } from "node:http";
import { once } from "node:events";

/** `{ url, mend, stop }` of a proxy in front of `guard`. */
export async function startCuttingProxy(guard, { whole = false } = {}) {
  let broken = true;
  const server = createServer(async (incoming, outgoing) => {
    const call = request(`${guard}${incoming.url}`, { method: incoming.method, headers: incoming.headers });
    incoming.pipe(call);
    const [answer] = await once(call, "response");
    if (broken && incoming.method === "POST" && whole) return answer.resume().once("end", () => incoming.socket.destroy());
    outgoing.writeHead(answer.statusCode, answer.headers);
    if (!broken || incoming.method !== "POST") return answer.pipe(outgoing);
    broken = false;
    const body = Buffer.concat(await answer.toArray());
    outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { url: `http://127.0.0.1:${server.address().port}`, mend: () => (broken = false), stop };
}
