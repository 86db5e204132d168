// Asks the guard, as an operator. Rules:
//
// 1. The token is in a variable of this module, and nowhere else: never in storage, a cookie, an address
//    or the document. It is forgotten when somebody signs out, when the guard refuses it, and when the
//    page is left.
// 2. Where Cloudflare Access is in front there is none: the browser shows Access's cookie by itself, and the
//    guard says whom it takes this page for.
// 3. An answer is a document. Whatever else comes is a `GuardError`, with a sentence for a person.
// 4. Nothing is asked twice by itself.

const PATIENCE_MS = 60_000;

let token = null;
/** Who is signed in, as the guard says it: `{ operator, role }`. */
let operator = null;

/** Why there is no answer; `kind` says what the page does about it. */
export class GuardError extends Error {
  /** @param {"unauthorized" | "no-operator" | "refused" | "unavailable"} kind */
  constructor(kind, message, code = null) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** Signs in by a token, or by what Access says of this browser. What the guard refuses is forgotten. */
export async function signIn(shown = null) {
  token = shown;
  try {
    operator = await ask("operator");
  } catch (error) {
    forgetOperator();
    throw error;
  }
}

export function forgetOperator() {
  token = null;
  operator = null;
}

export const isSignedIn = () => operator !== null;
export const isByAccess = () => isSignedIn() && token === null;
export const nameOfOperator = () => operator?.operator;
export const mayAct = () => operator?.role === "full";

/** The document at `/.onlyonce/<path>`. One that says that there is no such record is an answer, too. */
export async function ask(path, { method = "GET", document, signal } = {}) {
  const response = await send(path, method, document, signal);
  const text = await response.text().catch(() => Promise.reject(unreachable()));
  const answer = parsed(text);
  if (answer && (response.ok || answer.state)) return answer;
  throw errorOf(response, answer);
}

async function send(path, method, document, signal) {
  const signals = [AbortSignal.timeout(PATIENCE_MS), signal].filter(Boolean);
  try {
    if (token && !/^[\t -~]*$/.test(token)) throw new GuardError("unauthorized", "The guard does not take this token: it holds characters that no header can carry.");
    const response = await fetch(`/.onlyonce/${path}`, {
      method,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...(document && { "content-type": "application/json" }) },
      body: document && JSON.stringify(document),
      cache: "no-store",
      // Access's cookie; the guard itself reads none.
      credentials: "same-origin",
      redirect: "manual",
      signal: AbortSignal.any(signals),
    });
    if (response.type === "opaqueredirect") throw new GuardError("unauthorized", ACCESS_ASKS, "signed-out");
    return response;
  } catch (error) {
    if (signal?.aborted || error instanceof GuardError) throw error;
    throw unreachable();
  }
}

function parsed(text) {
  try {
    const answer = JSON.parse(text);
    return answer && typeof answer === "object" ? answer : null;
  } catch {
    return null;
  }
}

function errorOf({ status }, answer) {
  const code = answer?.error?.code ?? answer?.code ?? answer?.error ?? null;
  if (status === 404 && !answer) return new GuardError("no-operator", NO_OPERATOR);
  const sentence = answer?.detail ? `The guard says: ${answer.detail}.` : `The guard answered with status ${status}, which says nothing more.`;
  if (status === 401) return new GuardError("unauthorized", sentence, code);
  return new GuardError(status < 500 ? "refused" : "unavailable", sentence, code);
}

function unreachable() {
  return new GuardError("unavailable", "The guard cannot be reached from this browser, or took longer than a minute. Is the network there?");
}

const ACCESS_ASKS = "This address leads on to another, as Cloudflare Access does where it wants you to sign in. Load this page again.";
const NO_OPERATOR = "This guard has no operator: the secret ADMIN_TOKEN is not set. Set it with “npx wrangler secret put ADMIN_TOKEN”, then load this page again.";
