// Cloudflare Access as a browser meets it: a team that shows its signing keys, and a server that stands in front of
// the guard. Rules:
//
// 1. The session is a cookie, as with Access, and the browser sends it by itself. A request with it gets the
//    signed assertion as a header; one without it is led to the team's sign-in page.
// 2. A program shows a service token instead.
// 3. What the guard says comes back as it is.

import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, request as send } from "node:http";

const AUDIENCE = "0123456789abcdef";
const SESSION = "CF_Authorization";

/** `{ url, team, audience, service, standBefore(guard), signIn(context, email) }`. */
export async function startAccess(undo) {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keys = [{ ...publicKey.export({ format: "jwk" }), kid: "key-1", alg: "RS256", use: "sig" }];
  const team = await listen(undo, (request, response) =>
    request.url === "/cdn-cgi/access/certs" ? response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys })) : response.writeHead(200, { "content-type": "text/html" }).end("<h1>Sign in to acme</h1>"));
  const service = { id: `${randomUUID()}.access`, secret: randomUUID() };
  let guard;
  const url = await listen(undo, (request, response) => {
    const isService = request.headers["cf-access-client-id"] === service.id && request.headers["cf-access-client-secret"] === service.secret;
    const session = isService ? assertion({ common_name: service.id, sub: "" }, 60) : new RegExp(`${SESSION}=([^;]+)`).exec(request.headers.cookie ?? "")?.[1];
    if (request.url === "/cdn-cgi/access/logout") return response.writeHead(200, { "content-type": "text/html", "set-cookie": `${SESSION}=; Max-Age=0; Path=/` }).end("<h1>Signed out of acme</h1>");
    if (!session) return response.writeHead(302, { location: `${team}/cdn-cgi/access/login/guard?kid=1` }).end();
    passOn(guard, request, response, session);
  });
  const assertion = (who, seconds) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: team, aud: [AUDIENCE], ...who, type: "app", iat: now, exp: now + seconds };
    const signed = [{ alg: "RS256", kid: "key-1", typ: "JWT" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
  };
  const signIn = (context, email, seconds = 600) => context.addCookies([{ name: SESSION, value: assertion({ email }, seconds), url, httpOnly: true }]);
  return { url, team, audience: AUDIENCE, service, standBefore: (address) => (guard = new URL(address)), signIn };
}

function passOn(guard, request, response, session) {
  const headers = { ...request.headers, "cf-access-jwt-assertion": session };
  const passed = send({ host: guard.hostname, port: guard.port, method: request.method, path: request.url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  passed.on("error", () => response.destroy());
  request.pipe(passed);
}

async function listen(undo, onRequest) {
  const server = createServer(onRequest);
  await once(server.listen(0, "127.0.0.1"), "listening");
  undo.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${server.address().port}`;
}
