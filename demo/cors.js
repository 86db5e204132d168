// Which pages may call the shop: all of them. It takes no credentials and holds no secrets, and the
// demo's page, which comes through the guard, compares the two by calling the shop itself as well.

const OPEN_TO_ALL = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, DELETE",
  "access-control-allow-headers": "content-type, idempotency-key",
  "access-control-expose-headers": "*",
  // When the browser really sent a request is the page's to know.
  "timing-allow-origin": "*",
};

/** The answer to a browser that asks before it calls from another site's page. */
export function preflight() {
  return new Response(null, { status: 204, headers: { ...OPEN_TO_ALL, "access-control-max-age": "600" } });
}

export function allowAnyPage(response) {
  for (const [name, value] of Object.entries(OPEN_TO_ALL)) response.headers.set(name, value);
  return response;
}
