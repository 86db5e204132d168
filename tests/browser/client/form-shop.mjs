// An origin that takes plain forms, with a ledger of its own on its own port: what a web
// application of the kind that renders pages does.
//
//   POST /buy?then=redirect|page|text|<status>   executes, then answers so
//   GET  /receipt                                the page after a redirect
//   GET  <anything else>                         a file of www/

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const www = fileURLToPath(new URL("../../../www", import.meta.url));

/** `{ url, ledger, stop }`; `ledger` lists what was executed: `{ body, type, key }`. */
export async function startFormShop() {
  const ledger = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://shop");
    const answer = request.method === "POST" ? buy(request, response, url, ledger) : page(response, url.pathname);
    answer.catch(() => response.writeHead(404).end());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { url: `http://127.0.0.1:${server.address().port}`, ledger, stop };
}

async function buy(request, response, url, ledger) {
  const chunks = await Array.fromAsync(request);
  const { "content-type": type, "idempotency-key": key } = request.headers;
  ledger.push({ body: Buffer.concat(chunks).toString(), type, key });
  await new Promise((resolve) => setTimeout(resolve, Number(url.searchParams.get("delay"))));
  const then = url.searchParams.get("then");
  if (then === "redirect") return response.writeHead(303, { location: "/receipt" }).end();
  if (then === "page") return response.writeHead(200, { "content-type": "text/html" }).end("<title>bought</title><h1>Bought</h1>");
  if (then === "lost") return request.socket.destroy();
  response.writeHead(Number(then) || 200, { "content-type": "text/plain" }).end("ok");
}

async function page(response, path) {
  if (path === "/receipt") return response.writeHead(200, { "content-type": "text/html" }).end("<title>receipt</title><h1>Receipt</h1>");
  const file = await readFile(www + path);
  response.writeHead(200, { "content-type": "text/javascript" }).end(file);
}
