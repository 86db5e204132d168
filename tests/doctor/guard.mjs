// A guard on the real runtime with an origin inside the test, and its log as `npm start` prints it.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childRuntime } from "../../scripts/lib/child-runtime.mjs";
import { logFile } from "./doctor.mjs";

export const TOKEN = "sesame-of-the-doctor";
export const ALICE = "Bearer alice";
const settle = { path: "/lookup?key={key}", found: "/data/0", absent_after: "15m" };
const POLICY = { routes: [{ path: "/asked", settle }, { path: "/sealed", seal: true }, { path: "/head", store: "head" }] };
const PATIENCE_MS = 10_000;

/** `{ url, origin, order, log, stop }`; without a token, and without `more` of the variables, no operator is answered. */
export async function startGuard({ token = TOKEN, more = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "onlyonce-doctor-"));
  const lines = [];
  const origin = await startOrigin();
  const vars = [`ORIGIN=${origin.url}`, "PEPPER=of-the-doctor", `POLICY=${JSON.stringify(POLICY)}`, ...(token ? [`ADMIN_TOKEN=${token}`] : []), ...more];
  const args = ["--port", "0", "--persist", folder, ...vars.flatMap((value) => ["--var", value])];
  const runtime = childRuntime("guard", args, (line) => lines.push(line));
  const stop = async () => {
    await runtime.stop();
    origin.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const url = await runtime.url.catch(async (error) => {
    await stop();
    throw error;
  });
  return { url, origin: origin.url, stop, order: (options) => order(url, options), log: (count) => logged(lines, count) };
}

async function startOrigin() {
  const server = createServer((request, response) => {
    const answer = () => {
      if (request.url.startsWith("/lookup")) return response.writeHead(200).end(request.url.includes("there") ? '{"data":[{"id":7}]}' : '{"data":null}');
      return request.url === "/lost" || request.url === "/asked" ? request.socket.destroy() : response.writeHead(201).end("{}");
    };
    request.resume().on("end", answer);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close().closeAllConnections() };
}

async function order(url, { key, path = "/orders", item = "tea" } = {}) {
  const headers = { authorization: ALICE, "content-type": "application/json", ...(key && { "idempotency-key": key }) };
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify({ item }) });
  await response.arrayBuffer();
  return response;
}

// What a Worker logs comes out a moment after its answer.
async function logged(lines, count) {
  const deadline = Date.now() + PATIENCE_MS;
  while (lines.filter((line) => line.includes('"outcome"')).length < count) {
    if (Date.now() > deadline) throw new Error(`not ${count} lines in the log:\n${lines.join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return logFile(lines);
}
