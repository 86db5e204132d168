// What an answer says: whether something was made, which thing it names, and how it reads in a report.
const MOST_SHOWN = 160;
// White space, and what a terminal would obey.
const UNSEEN = /[\s\u0000-\u001f\u007f-\u009f]+/g;

export function isSuccess({ status }) {
  return status >= 200 && status < 300;
}

/** Whether it says "come again": the first is still in progress. */
export function isBusy(answer) {
  return answer.status === 409 || (answer.status === 503 && answer.header("retry-after") !== undefined);
}

/** What the answer names: the value under the pointer, or with none all that it says. */
export function identityOf(answer, pointer) {
  if (pointer === undefined) return `${answer.header("location") ?? ""}\n${answer.text}`;
  const value = pointer.reduce((at, name) => (at !== null && typeof at === "object" && Object.hasOwn(at, name) ? at[name] : undefined), answer.json);
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}

/** Which things successful answers name, each once. */
export function identities(answers, pointer) {
  return [...new Set(answers.filter(isSuccess).map((answer) => identityOf(answer, pointer)))];
}

/** Whether an answer says of itself that it is a stored one. */
export function isMarkedReplay(answer) {
  const marks = ["idempotent-replayed", "idempotency-replayed", "idempotent-replay", "x-idempotent-replay", "x-idempotent-replayed"];
  return marks.some((name) => /^true$/i.test(answer.header(name) ?? ""));
}

export function described(answer) {
  const text = answer.text.replace(UNSEEN, " ").trim();
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return `${answer.status}${shown ? ` ${shown}` : " without a body"}`;
}

/** Answers one after the other; one that says the same as the one before is not repeated. */
export function inTurn(answers) {
  const texts = answers.map(described);
  return texts.map((text, at) => (at > 0 && text === texts[at - 1] ? "the same again" : text)).join(", then ");
}

/** `1 × 201, 9 × 409` */
export function statuses(answers) {
  const counts = new Map();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`).join(", ");
}
