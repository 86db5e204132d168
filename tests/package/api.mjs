// An API without a notion of idempotency, which counts what it makes.
import { once } from "node:events";
import { createServer } from "node:http";

/** `{ url, seen, close }`; `seen` is every request, such as "POST /orders". */
export async function startApi() {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const answer = () => response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ id: seen.length }));
    request.resume().on("end", answer);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, seen, close: () => server.close().closeAllConnections() };
}
