// A tap on the wire between the clients and the guard: bytes go through as they are, and each request
// is noted by its lane, so that a test knows how often a client asked, and when.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { laneOf } from "./origin.mjs";

const HEAD_START = /^[A-Z]+ \S+ HTTP\/1\.[01]\r\n/;
const HEAD_END = "\r\n\r\n";

/** `{ url, asked(lane), stop() }`; `asked` gives `{ at, head }` for each request of the lane so far. */
export async function startTap(guardUrl) {
  const { hostname: host, port } = new URL(guardUrl);
  const requests = [];
  const sockets = new Set();
  // Half-open, for a client that has sent all may close its side and wait for the answer.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const guard = connect({ host, port, allowHalfOpen: true });
    client.on("data", headReader((head) => requests.push({ at: performance.now(), lane: laneOf(head), head })));
    client.pipe(guard).pipe(client);
    endTogether(client, guard);
    for (const socket of [client, guard]) sockets.add(socket.once("close", () => sockets.delete(socket)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    asked: (lane) => requests.filter((request) => request.lane === lane),
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

// No client here pipelines: a head stands at the beginning of what comes.
function headReader(onHead) {
  let pending = "";
  return (chunk) => {
    const text = pending + chunk.toString("latin1");
    const end = text.indexOf(HEAD_END);
    const isHead = HEAD_START.test(text);
    if (isHead && end >= 0) onHead(text.slice(0, end));
    pending = isHead && end < 0 ? text : "";
  };
}

function endTogether(one, other) {
  for (const [socket, peer] of [[one, other], [other, one]]) {
    socket.on("error", () => peer.destroy());
    socket.on("close", () => peer.destroySoon());
  }
}
