// An origin that is a Worker. It answers as one does that takes over the headers of another response and
// writes a body of its own: `?length=` is what Content-Length says, `?size=` how long the body is, and
// `?type=` its content type. Each answer has another body, so that a second execution is seen.

export default {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    const headers = { "content-length": searchParams.get("length"), "content-type": searchParams.get("type") ?? "text/plain" };
    const body = crypto.randomUUID().padEnd(Number(searchParams.get("size")), "x");
    return new Response(body, { status: 201, headers });
  },
};
