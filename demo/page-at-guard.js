// `npm start` in front of an API of your own: the guard as it is, and the page beside it.
//
// 1. The page lies under a path of the guard's own, so that it takes none of the API's, and what it
//    sends goes to the guard as from any page of that address, without CORS.
// 2. Every other request is the guard's, untouched.

import Guard from "../src/worker.mjs";

export { IdempotencyGuard } from "../src/worker.mjs";

const PAGE = "/.onlyonce/page";

export default {
  fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname === PAGE) return Response.redirect(`${url.origin}${PAGE}/`, 307);
    if (url.pathname.startsWith(`${PAGE}/`)) return file(url, request, env);
    return new Guard(ctx, env).fetch(request);
  },
};

async function file(url, request, env) {
  const path = url.pathname.slice(PAGE.length);
  const answer = await env.ASSETS.fetch(new Request(new URL(path === "/" ? "/api" : path, url), request));
  const location = answer.headers.get("location");
  // The files know nothing of the path that they lie under.
  return location?.startsWith("/") ? Response.redirect(`${url.origin}${PAGE}${location}`, answer.status) : answer;
}
