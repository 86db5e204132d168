// An origin that is a Worker. It answers as one does that takes over the headers of another response and
// writes a body of its own: `?length=` is what Content-Length says, `?size=` how long the body is, and
// `?type=` its content type; with `?cut` the body breaks off where its end should be. Each answer has another
// body, so that a second execution is seen.

export default {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    const headers = { "content-length": searchParams.get("length"), "content-type": searchParams.get("type") ?? "text/plain" };
    const body = crypto.randomUUID().padEnd(Number(searchParams.get("size")), "x");
    return new Response(searchParams.has("cut") ? brokenOff(body) : body, { status: 201, headers });
  },
};

function brokenOff(body) {
  const pieces = [new TextEncoder().encode(body)];
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.error(new Error("the body breaks off"));
    },
  });
}
