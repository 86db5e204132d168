// What is sent, and what came back: each exchange is held once, and may bear several checks. An exchange
// has `does`, which says it to a person; `most`, how many requests it sends at most; `needs`, options
// without which it cannot be held; and `hold`, which gives what was seen. Where an answer is a refusal of
// the idempotency layer, it is among `refusals`.
import { setTimeout as pause } from "node:timers/promises";
import { described, isSuccess } from "./answer.mjs";
import { NoAnswer, POLLS, Skip } from "./conversation.mjs";
import { changed, rewritten } from "./operation.mjs";

const ROUNDS = 3;
/** How far into a slow request the next one comes, or the client hangs up. */
const INTO_IT_MS = 150;
/** How long a request has been away when its client hangs up, where nothing makes it slow. */
const SENT_MS = 10;
/** How long a key may be, where its profile has a limit. */
const LONGEST = 255;

/** Header lines of keys that are none, about a key that nobody has heard of: one that is taken leaves no trace. */
const MALFORMED = {
  empty: () => [""],
  unclosed: (key) => [`"${key}`],
  list: (key) => [`"${key}-1", "${key}-2"`],
  repeated: (key) => [`"${key}-1"`, `"${key}-2"`],
  "256 characters": (key) => [key.padEnd(LONGEST + 1, "0")],
};

export const EXCHANGES = {
  control: {
    does: "sent one request, and the same again under another key",
    most: () => 3,
    async hold(t) {
      const operation = t.operation();
      const first = await t.watch(async () => ({ answer: await t.send(operation) }));
      if (!isSuccess(first.answer)) return { first };
      const again = await t.watch(async () => ({ answer: await t.send(operation, { key: t.key() }) }));
      // Where nothing can be made twice from one body, another body shows that another key is another operation.
      const other = isSuccess(again.answer) ? again : await t.watch(async () => ({ answer: await t.send(t.operation()) }));
      return { first, again, other };
    },
  },

  retry: {
    does: "sent a request, and when it was answered the same twice more",
    most: () => 3,
    hold(t) {
      const operation = t.operation();
      return t.watch(async () => {
        const first = await worked(t.send(operation));
        return { first, retries: [await t.send(operation), await t.send(operation)] };
      });
    },
  },

  concurrent: {
    does: "sent one request many times at once under one key, in three rounds, and once more after each",
    most: ({ concurrency }) => ROUNDS * (concurrency + POLLS),
    async hold(t, { concurrency }) {
      const rounds = [];
      while (rounds.length < ROUNDS && rounds.every(({ after }) => isSuccess(after))) rounds.push(await t.watch(() => atOnce(t, concurrency)));
      return { rounds };
    },
  },

  "in flight": {
    does: "sent a slow request, the same again before it was answered, and once more after",
    needs: ["slow"],
    most: () => 2 + POLLS,
    async hold(t, { slow: vary }) {
      const operation = t.operation();
      const seen = await t.watch(async () => {
        const leader = t.begin(operation, { vary });
        const early = await Promise.race([leader.answer, leader.sent.then(() => pause(INTO_IT_MS))]);
        if (early) throw new Skip(`--slow was answered in ${early.ms} ms: half a second is needed`);
        const [second, first] = await Promise.all([t.send(operation, { vary }), leader.answer]);
        return { first, second, after: await t.settled(operation, { vary }) };
      });
      if (!isSuccess(seen.first)) throw new Skip(`--slow was answered ${described(seen.first)}`);
      return { ...seen, refusals: isSuccess(seen.second) ? [] : [seen.second] };
    },
  },

  reuse: {
    does: "sent a request, then another body under its key, then the first body again",
    most: () => 4,
    async hold(t, question) {
      const operation = t.operation();
      const body = changed(question, operation.body);
      if (body === undefined) throw new Skip("no other body can be made of --body: give --changed-body");
      const alone = await t.send(t.operation(), { body });
      if (!isSuccess(alone)) throw new Skip(`another body is not accepted under a key of its own (${described(alone)}): give --changed-body`);
      // {unique} stands for another text again, or the second would be what was just made.
      const reused = changed(question, operation.body);
      const first = await worked(t.send(operation));
      const seen = await t.watch(async () => ({ second: await t.send(operation, { body: reused }), after: await t.send(operation) }));
      return { ...seen, first, refusals: isSuccess(seen.second) ? [] : [seen.second] };
    },
  },

  "same body": {
    does: "sent a request, and its JSON with other white space and its members in the other order",
    most: () => 2,
    async hold(t) {
      const operation = t.operation();
      const body = rewritten(operation.body);
      if (body === undefined) throw new Skip("--body is no JSON object");
      return t.watch(async () => ({ first: await worked(t.send(operation)), second: await t.send(operation, { body }) }));
    },
  },

  "no key": {
    does: "sent a request without a key",
    most: () => 1,
    async hold(t) {
      const seen = await t.watch(async () => ({ answer: await t.send(t.operation(), { key: [] }) }));
      return { ...seen, refusals: isSuccess(seen.answer) ? [] : [seen.answer] };
    },
  },

  "bad keys": {
    does: "sent a request under each of several keys that are none",
    most: ({ profile }) => profile.malformed.length,
    async hold(t, { profile }) {
      const seen = await t.watch(async () => {
        const tried = [];
        for (const name of profile.malformed) {
          const operation = t.operation();
          tried.push({ name, answer: await t.send(operation, { key: MALFORMED[name](operation.key) }) });
        }
        return { tried };
      });
      return { ...seen, refusals: seen.tried.map(({ answer }) => answer).filter((answer) => !isSuccess(answer)) };
    },
  },

  "long key": {
    does: `sent a request twice under a key of ${LONGEST} characters`,
    most: () => 2,
    hold(t) {
      const operation = t.operation();
      operation.key = operation.key.padEnd(LONGEST, "0");
      return t.watch(async () => ({ first: await t.send(operation), second: await t.send(operation) }));
    },
  },

  spelling: {
    does: "sent a request with its key in quotes, and again without",
    most: () => 2,
    hold(t) {
      const operation = t.operation();
      return t.watch(async () => {
        const first = await worked(t.send(operation, { key: `"${operation.key}"` }));
        return { first, second: await t.send(operation, { key: operation.key }) };
      });
    },
  },

  "hang-up": {
    does: "sent a request, hung up before its answer, and sent it twice more",
    most: () => 3 + POLLS,
    async hold(t, { slow: vary }) {
      // What does not work by itself would look like an answer that was lost.
      const own = vary && (await t.send(t.operation(), { vary }));
      if (own && !isSuccess(own)) throw new Skip(`--slow was answered ${described(own)}`);
      const operation = t.operation();
      return t.watch(async () => {
        const answered = await t.hangUp(operation, { vary }, vary ? INTO_IT_MS : SENT_MS);
        const first = await t.settled(operation, { vary });
        return { answered, first, second: await t.send(operation, { vary }) };
      });
    },
  },

  "other caller": {
    does: "sent a request, then as the other caller the same under the same key, then again as the first",
    needs: ["other"],
    most: () => 4,
    async hold(t) {
      const own = await t.send(t.operation(), { other: true });
      if (!isSuccess(own)) throw new Skip(`the other caller's own request was answered ${described(own)}: see --other`);
      const operation = t.operation();
      const first = await worked(t.send(operation));
      const seen = await t.watch(async () => ({ second: await t.send(operation, { other: true }) }));
      return { ...seen, first, after: await t.send(operation) };
    },
  },

  "other endpoint": {
    does: "sent a request, and the same under the same key to the other endpoint",
    needs: ["otherUrl"],
    most: () => 3,
    async hold(t, { otherUrl: url }) {
      const own = await t.send(t.operation(), { url });
      if (!isSuccess(own)) throw new Skip(`--other-url answered a request of its own ${described(own)}`);
      const operation = t.operation();
      const first = await worked(t.send(operation));
      const second = await t.send(operation, { url });
      return { first, second, refusals: isSuccess(second) ? [] : [second] };
    },
  },

  "server error": failing("serverError", "5xx", (status) => status >= 500),
  "client error": failing("clientError", "4xx", (status) => status >= 400 && status < 500),
};

// What follows is about a request that was carried out.
async function worked(answering) {
  const answer = await answering;
  if (isSuccess(answer)) return answer;
  throw new NoAnswer(`the first request was answered ${described(answer)}`);
}

async function atOnce(t, concurrency) {
  const operation = t.operation();
  const answers = await Promise.all(Array.from({ length: concurrency }, () => t.send(operation)));
  return { answers, after: await t.settled(operation) };
}

function failing(option, range, isExpected) {
  const name = `--${option.replace("E", "-e")}`;
  return {
    does: `had the endpoint answer ${range} (${name}), and sent the same again`,
    needs: [option],
    most: () => 2,
    async hold(t, question) {
      const vary = question[option];
      const operation = t.operation();
      const one = await t.watch(async () => ({ answer: await t.send(operation, { vary }) }));
      if (!isExpected(one.answer.status)) throw new Skip(`${name} was answered ${described(one.answer)}`);
      const two = await t.watch(async () => ({ answer: await t.send(operation, { vary }) }));
      return { first: one.answer, second: two.answer, made: one.counted, counted: two.counted };
    },
  };
}
