// What the guard has the platform do in one go. Rules:
// 1. Every function here stands for several calls that WebAssembly would make one by one: each such
//    call crosses a boundary, and each string that goes along is copied and decoded.
// 2. Nothing is decided here: the rules are in src/guard.

// Whether a fault has ended the living instance, and how many instances there were before it.
export const state = { criticalError: false, instanceId: 0 };

/**
 * Takes note of a fault. A panic is a trap without a message, which might hold what a client sent;
 * the runtime logs the place in the WebAssembly code.
 */
export function note(error) {
  if (!(error instanceof WebAssembly.RuntimeError) || state.criticalError) return;
  console.error("onlyonce: a fault stopped this instance; the next call gets a new one");
  state.criticalError = true;
}

let resume;

/** Tells whom to call when something has settled: `resume(place, fulfilled, value)`. */
function onSettled(callback) {
  resume = callback;
}

/** Waits for a promise. The instance that waits is the one that hears of it. */
function watch(promise, place) {
  const tell = guarded(resume);
  promise.then(
    (value) => tell(place, true, value),
    (reason) => tell(place, false, reason),
  );
}

// An error here belongs to no call of the platform's, so nobody else would notice the fault. An
// instance that has ended hears of nothing any more.
function guarded(tell) {
  const { instanceId } = state;
  return (...outcome) => {
    if (state.criticalError || state.instanceId !== instanceId) return;
    try {
      tell(...outcome);
    } catch (error) {
      note(error);
      throw error;
    }
  };
}

/** Waits for some milliseconds, and gives what `clearTimeout` takes. */
function sleep(place, milliseconds) {
  const tell = guarded(resume);
  return setTimeout(() => tell(place, true), milliseconds);
}

/** A promise, and the two functions that settle it. */
function deferred() {
  return Promise.withResolvers();
}

// Neither names nor values of headers hold a line feed (RFC 9110 section 5.5), so lists of them
// cross as lines of text.

/** Method and URL, then some of the headers: a line for each name. */
function readHead(request, names) {
  return `${request.method}\n${request.url}\n${readHeaders(request, names)}`;
}

/** A line for each name: `=` and the value, or nothing where there is no such header. */
function readHeaders(message, names) {
  const { headers } = message;
  return names.map((name) => valueLine(headers.get(name))).join("\n");
}

function valueLine(value) {
  return value === null ? "" : `=${value}`;
}

/** The status, then all headers: a line for each name and a line for each value. */
function readResponse(response) {
  let text = String(response.status);
  for (const [name, value] of response.headers) text += `\n${name}\n${value}`;
  return text;
}

/** The lines of a text. */
function lines(text) {
  return text === "" ? [] : text.split("\n");
}

/** A response of this status, headers and body. */
function respond(status, headers, body) {
  const response = new Response(body, { status });
  eachPair(headers, (name, value) => response.headers.append(name, value));
  return response;
}

function eachPair(text, use) {
  const pairs = lines(text);
  for (let at = 0; at + 1 < pairs.length; at += 2) use(pairs[at], pairs[at + 1]);
}

/** The request at another address, with some headers set. Its body streams through. */
function readdress(request, url, headers) {
  const moved = new Request(url, request);
  eachPair(headers, (name, value) => moved.headers.set(name, value));
  // Requests that come in have it already.
  return moved.redirect === "manual" ? moved : new Request(moved, { redirect: "manual" });
}

/** A request afresh: another's headers without some and with others set, and a body of bytes. */
function rebuild(request, url, without, headers, body, controller) {
  const changed = new Headers(request.headers);
  for (const name of lines(without)) changed.delete(name);
  eachPair(headers, (name, value) => changed.set(name, value));
  const { method } = request;
  const signal = controller?.signal;
  return new Request(url, { method, headers: changed, body: body || undefined, redirect: "manual", signal });
}

// One name, through which the rest is called: what WebAssembly imports by itself keeps a long one.
export const platform = { onSettled, watch, sleep, deferred, readHead, readHeaders, readResponse, lines, respond, readdress, rebuild };
