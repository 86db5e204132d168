// What the guard has the platform do in one go. Rules:
// 1. Every function here stands for several calls that WebAssembly would make one by one: each such
//    call crosses a boundary, and each string that goes along is copied and decoded.
// 2. Nothing is decided here: the rules are in src/guard.

// Whether a fault has ended the living instance, and how many instances there were before it.
export const state = { criticalError: false, instanceId: 0 };

/**
 * Takes note of a fault: whatever is thrown through WebAssembly leaves its instance half done. A panic
 * is a trap without a message, which might hold what a client sent; the runtime logs the place in the
 * WebAssembly code.
 */
export function noteFault() {
  if (state.criticalError) return;
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
  const { instanceId } = state;
  promise.then(
    (value) => tell(instanceId, place, true, value),
    (reason) => tell(instanceId, place, false, reason),
  );
}

// An error here belongs to no call of the platform's, so nobody else would notice the fault. An
// instance that has ended hears of nothing any more.
function tell(instanceId, place, fulfilled, value) {
  if (state.criticalError || state.instanceId !== instanceId) return;
  try {
    resume(place, fulfilled, value);
  } catch (error) {
    noteFault();
    throw error;
  }
}

/** Waits for some milliseconds, and gives what `clearTimeout` takes. */
function sleep(place, milliseconds) {
  const { instanceId } = state;
  return setTimeout(() => tell(instanceId, place, true), milliseconds);
}

/** A promise, and the two functions that settle it. */
function deferred() {
  return Promise.withResolvers();
}

// Neither names nor values of headers hold a line feed (RFC 9110 section 5.5), so lists of them
// cross as lines of text.

/** Method and URL, then some of the headers: a line for each name. */
function readHead(request, names) {
  return `${request.method}\n${request.url}\n${readHeaders(request.headers, names)}`;
}

/** A line for each name: `=` and the value, or nothing where there is no such header. */
function readHeaders(headers, names) {
  let text = "";
  for (const name of names) {
    const value = headers.get(name);
    text += value === null ? "\n" : `=${value}\n`;
  }
  return text;
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
  const given = response.headers;
  eachPair(headers, (name, value) => given.append(name, value));
  return response;
}

function eachPair(text, use) {
  const pairs = lines(text);
  for (let at = 0; at + 1 < pairs.length; at += 2) use(pairs[at], pairs[at + 1]);
}

/**
 * Sends a request on to another address, with some headers set; its body streams through. What
 * another Worker wants to know of the client's connection goes along.
 */
function sendOn(service, request, url, headers) {
  const { method, body } = request;
  const init = { headers: changed(request.headers, "", headers), redirect: "manual" };
  // Only a copy of a request may have a body with these methods.
  const isCopied = body && (method === "GET" || method === "HEAD");
  const target = isCopied ? new Request(url, request) : url;
  if (!isCopied) Object.assign(init, { method, body });
  if (service) init.cf = request.cf;
  return send(service, target, init).catch(answerLost);
}

let answerLost;

/** Tells what answers a request that was sent on in vain. */
export function onLost(answer) {
  answerLost = answer;
}

/**
 * Sends a request afresh: a client's headers without some and with others set, and a body of its own.
 * Only what fails before `fetch` is called is thrown.
 */
function sendAfresh(service, method, given, url, without, headers, body, controller) {
  const init = { method, headers: changed(given, without, headers), body, redirect: "manual", signal: controller?.signal };
  return send(service, url, init);
}

// Where no service is bound, the origin is on the network.
function send(service, target, init) {
  return service ? service.fetch(target, init) : fetch(target, init);
}

// A Request would only be made to be copied: `fetch` makes one of its own from whatever it is given.
function changed(given, without, headers) {
  const copy = new Headers(given);
  for (const name of lines(without)) copy.delete(name);
  eachPair(headers, (name, value) => copy.set(name, value));
  return copy;
}

// What is larger than this goes as a stream. The platform keeps what a call was given until it ends
// (Workers, Remote-procedure call), and a duplicate's may wait for long.
const LARGE = 64 * 1024;

/** Hands a message to an object, with a client's headers and the body. */
function submit(stub, message, headers, body) {
  return stub.submit(message.slice(), headers, body.length > LARGE ? new Response(body).body : alone(body));
}

/** What an object says to that. */
function say(message, body) {
  return { message: message.slice(), body: body instanceof Uint8Array ? alone(body) : body };
}

// A view would take all of the buffer along that it looks into.
function alone(bytes) {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** All bytes of a stream. */
function wholeBody(stream) {
  return new Response(stream).bytes();
}

const ignore = () => {};

/** Whether a stream has taken the bytes; it has not once its reader is gone. */
async function took(writer, bytes) {
  if (bytes.byteLength === 0) return true;
  return writer.write(bytes).then(() => true, () => false);
}

/**
 * Hands a body on as it comes: rows that are stored, and deleted with that; what was read of it; and
 * the rest. Where nobody reads it, its sender is told to stop.
 */
async function passOn(writer, kv, name, rows, begun, reader) {
  let isRead = writer !== undefined;
  for (let row = 0; row < rows; row += 1) isRead = await handOver(writer, isRead, kv, `${name}/${row}`);
  isRead = isRead && (await took(writer, begun));
  if (!reader) return isRead ? writer.close().catch(ignore) : undefined;
  while (isRead) {
    const chunk = await reader.read().catch(ignore);
    if (!chunk) return writer.abort("the origin's answer broke off").catch(ignore);
    if (chunk.done) return writer.close().catch(ignore);
    isRead = await took(writer, chunk.value);
  }
  return reader.cancel().catch(ignore);
}

async function handOver(writer, isRead, kv, name) {
  const bytes = quietly(() => kv.get(name));
  if (isRead && !bytes) await writer.abort("a row of the answer is missing").catch(ignore);
  const stillRead = isRead && bytes !== undefined && (await took(writer, bytes));
  // A row that cannot be deleted goes with the record at the window's end.
  quietly(() => kv.delete(name));
  return stillRead;
}

// Storage that fails must not leave a stream without an end.
function quietly(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/**
 * Writes what stands before a body, its rows, and what stands after it; in base64, where something
 * does after it. A body that has no rows is `left`. A reader that takes longer than `patience` milliseconds
 * for a row keeps an object in memory.
 */
async function writeRows(writer, kv, name, rows, before, left, after, patience) {
  try {
    if (before) await writer.write(before);
    for (let row = 0; row < rows; row += 1) {
      let bytes = kv.get(`${name}/${row}`);
      if (after !== undefined) [bytes, left] = inBase64(left, bytes);
      await inTime(patience, writer.write(bytes));
    }
    if (after !== undefined) await writer.write(textBytes(left.toBase64() + after));
  } catch {
    // The record is still there for the reader's next try.
    return writer.abort("the answer could not be read to its end").catch(ignore);
  }
  // A reader that went at the very end has all that it wanted.
  return writer.close().catch(ignore);
}

// Three bytes are four digits; what is left over goes in front of the next row.
function inBase64(left, bytes) {
  const all = new Uint8Array(left.length + bytes.length);
  all.set(left);
  all.set(bytes, left.length);
  const whole = all.length - (all.length % 3);
  return [textBytes(all.subarray(0, whole).toBase64()), all.slice(whole)];
}

function textBytes(text) {
  return new TextEncoder().encode(text);
}

async function inTime(patience, promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, patience)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Writes a value to KV for some seconds. */
function putCopy(kv, name, value, seconds) {
  return kv.put(name, value, { expirationTtl: seconds });
}

/**
 * What a queue's message is called, how often it was delivered, when it was sent, and its text: lines.
 * What was sent as bytes or as text holds its text itself; any other value is written as JSON. The
 * text is missing where the body is neither.
 */
function readMessage(message) {
  const head = `${message.id}\n${message.attempts}\n${message.timestamp.getTime()}`;
  const text = textOf(message.body);
  return text === undefined ? head : `${head}\n${text}`;
}

function textOf(body) {
  if (typeof body === "string") return body;
  try {
    return body instanceof ArrayBuffer ? new TextDecoder("utf-8", { fatal: true }).decode(body) : JSON.stringify(body);
  } catch {
    return undefined;
  }
}

/** Acknowledges a message, or has it come again after some seconds. */
function settle(message, seconds) {
  try {
    return seconds === undefined ? message.ack() : message.retry({ delaySeconds: seconds });
  } catch (error) {
    console.error(`onlyonce: a message could not be settled: ${error.message}`);
    // A message of which nothing is said counts as acknowledged: once more, plainly.
    return message.retry();
  }
}

/**
 * Hands over a letter that holds the message's members: a text stays one, so that none of its numbers
 * is rounded.
 */
function sendLetter(queue, message, letter) {
  const isText = typeof message.body === "string" || message.body instanceof ArrayBuffer;
  return queue.send(isText ? letter : JSON.parse(letter), { contentType: isText ? "text" : "json" });
}

/**
 * Hands over a letter about a message that is no request, with what it was. Of bytes that are no text
 * only v8 takes them as they are.
 */
function sendMalformed(queue, message, letter) {
  const text = textOf(message.body);
  const malformed = message.body instanceof ArrayBuffer ? (text ?? message.body) : message.body;
  return queue.send({ malformed, ...JSON.parse(letter) }, { contentType: text === undefined ? "v8" : "json" });
}

// One name, through which the rest is called: what WebAssembly imports by itself keeps a long one.
export const platform = {
  onSettled, watch, sleep, deferred,
  readHead, readHeaders, readResponse, lines, respond, sendOn, sendAfresh, submit, say, wholeBody,
  passOn, writeRows, putCopy,
  readMessage, settle, sendLetter, sendMalformed,
};
