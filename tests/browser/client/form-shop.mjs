// An origin that takes plain forms, with a ledger of its own on its own port: what a web
// application of the kind that renders pages does.
//
//   GET  /form?then=…    a page with a form that posts to /buy?then=…; /plain is the same without a script
//   POST /buy?then=…     executes, then answers as ANSWERS says; `delay` in ms, `for` tells tests apart
//   GET  /receipt        the page after a redirect; its message (the cookie `flash`) is shown once
//   GET  <else>          a file of www/

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const www = fileURLToPath(new URL("../../../www", import.meta.url));
const HTML = { "content-type": "text/html; charset=utf-8" };
const AUTO = '<script type="module" src="/client/auto.js"></script>';

/** By `then`: what it answers to a purchase, the `number`th of its test. */
const ANSWERS = {
  created: ({ response, number, site }) => show(response, 201, "Bought", `Order ${number}${site}`),
  text: ({ response }) => response.writeHead(200, { "content-type": "text/plain" }).end("ok"),
  declined: ({ response, number, site }) =>
    number === 1 ? show(response, 402, "Declined", site) : show(response, 201, "Bought", `Order ${number}`),
  invalid: ({ response, body, query }) =>
    new URLSearchParams(body).get("item") ? show(response, 201, "Bought") : response.writeHead(422, HTML).end(form(query, "Name an item.")),
  receipt: ({ response, site }) => response.writeHead(303, { location: site ? "/receipt?site" : "/receipt", "set-cookie": "flash=Thank you" }).end(),
  same: ({ response, query }) => response.writeHead(303, { location: `/form?${query}` }).end(),
  away: ({ response, query }) => response.writeHead(303, { location: query.get("to") }).end(),
  failed: ({ response, site }) => show(response, 500, "Failed", site),
  file: ({ response, number }) => response.writeHead(200, { "content-type": "application/pdf", "content-disposition": "attachment; filename=invoice.pdf" }).end(`invoice ${number}`),
  lost: ({ response }) => response.destroy(),
};

/** `{ url, ledger, views, stop }`; `ledger` lists what was executed: `{ body, type, key, for }`. */
export async function startFormShop() {
  const shop = { ledger: [], views: [] };
  const server = createServer((request, response) => {
    const answer = request.method === "POST" ? buy(request, response, shop) : view(request, response, shop);
    answer.catch(() => response.writeHead(404).end());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { ...shop, url: `http://127.0.0.1:${server.address().port}`, stop };
}

async function buy(request, response, { ledger }) {
  const query = new URL(request.url, "http://shop").searchParams;
  const body = Buffer.concat(await Array.fromAsync(request)).toString();
  const { "content-type": type, "idempotency-key": key } = request.headers;
  ledger.push({ body, type, key, for: query.get("for") });
  const number = ledger.filter((entry) => entry.for === query.get("for")).length;
  await pause(Number(query.get("delay")));
  const site = query.has("site") ? AUTO : "";
  ANSWERS[query.get("then")]({ response, body, query, number, site });
}

async function view(request, response, { views }) {
  const { pathname, searchParams: query } = new URL(request.url, "http://shop");
  views.push({ pathname, for: query.get("for") });
  const headers = query.has("trusted") ? { ...HTML, "content-security-policy": "require-trusted-types-for 'script'; trusted-types 'none'" } : { ...HTML, "referrer-policy": query.get("referrer") ?? "" };
  if (pathname === "/form") return response.writeHead(200, headers).end(form(query));
  if (pathname === "/plain") return response.writeHead(200, headers).end(form(query).replace(AUTO, ""));
  if (pathname === "/receipt") return receipt(request, response, query.has("site") ? AUTO : "");
  if (pathname === "/elsewhere") return show(response, 200, "Elsewhere");
  const file = await readFile(www + pathname);
  response.writeHead(200, { "content-type": "text/javascript" }).end(file);
}

function receipt({ headers: { cookie = "" } }, response, site) {
  const flash = /flash=([^;]+)/.exec(cookie)?.[1] ?? "nothing new";
  response.setHeader("set-cookie", "flash=; max-age=0");
  show(response, 200, "Receipt", `<p>${flash}</p>${site}`);
}

function show(response, status, title, more = "") {
  response.writeHead(status, HTML).end(`<!doctype html><title>${title}</title><link rel="icon" href="data:,"><h1>${title}</h1>${more}`);
}

/** `written` in the query is the key that this server writes into the form. */
function form(query, error = "") {
  const written = query.has("written") ? `<input type="hidden" name="idempotency-key" value="${query.get("written")}">` : "";
  return `<!doctype html><title>Form</title><link rel="icon" href="data:,"><p id="error">${error}</p>
  <form id="buy" method="post" action="/buy?${query}" enctype="${query.get("enctype") ?? ""}" target="${query.get("target") ?? ""}" data-onlyonce data-onlyonce-sending="Einen Moment">
    ${written}<input type="hidden" name="${query.get("token") ?? "csrf_token"}" value="${Math.random()}">
    <input name="item" value="${error ? "" : query.get("item") ?? "täglich"}"> <textarea name="note">a\nb</textarea>
    ${query.get("enctype") ? '<input type="file" name="photo">' : ""}
    <button name="via" value="button">Buy</button> <button name="via" value="draft" formaction="/buy?${query}&draft">Save draft</button>
    <button type="button" data-onlyonce-start-over hidden>Start over</button>
    <p role="status" data-onlyonce-status></p>
  </form><a href="/elsewhere">Elsewhere</a> <a href="/form?${query}">This form</a>${AUTO}`;
}
