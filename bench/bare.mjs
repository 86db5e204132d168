// The bare Worker: what passing a request on costs by itself. Every request goes to the origin as
// it is, nothing is added, compared or kept.

export default {
  fetch(request, env) {
    const url = new URL(request.url);
    return fetch(env.ORIGIN + url.pathname + url.search, request);
  },
};
