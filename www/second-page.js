// Another page of this site that sends as well: both ends of the channel between them.
//
// 1. They exchange messages over a BroadcastChannel. Whoever looks for any tab is answered by each
//    that shows tab.html, and takes the first.
// 2. Where none answers, the page loads tab.html in a frame, which is then the second page. A frame
//    answers to its own name alone: both lanes of a scene look at once, and each ends its own.
// 3. The second page reports each attempt as it happens, and holds a lock for as long as it lives: so
//    the first knows at once when it was closed.

import { newKey } from "./client/index.js";
import { ownAddress } from "./departures.js";
import { allDeparted, send } from "./send.js";

const CHANNEL = "onlyonce-second-page";
const REPLY_TIMEOUT = 250;
const LOAD_TIMEOUT = 10_000;
const DONE_TIMEOUT = 30_000;
const ANY_TAB = "any tab";
const THERE = "there";
/** A loaded browser takes its time to tell. */
const DEPARTURES_TIMEOUT = 2000;

export async function withSecondPage(work) {
  const channel = new BroadcastChannel(CHANNEL);
  const frame = document.createElement("iframe");
  try {
    return await work(new SecondPage(channel, await findSecondPage(channel, frame)));
  } finally {
    frame.remove();
    channel.close();
  }
}

async function findSecondPage(channel, frame) {
  const tab = await requestId(channel, ANY_TAB, REPLY_TIMEOUT);
  if (tab) return tab;
  const name = newKey();
  Object.assign(frame, { src: `tab.html#${name}`, title: "The second page", hidden: true });
  document.body.append(frame);
  const loaded = await firstReply(channel, name);
  if (loaded) return loaded;
  throw new Error("The second page did not load: allow this site its frames, or open tab.html in a tab.");
}

// It may be looked for before it listens.
async function firstReply(channel, name) {
  for (const until = Date.now() + LOAD_TIMEOUT; Date.now() < until; ) {
    const id = await requestId(channel, name, REPLY_TIMEOUT);
    if (id) return id;
  }
  return undefined;
}

function requestId(channel, name, timeout) {
  return new Promise((resolve) => {
    const onMessage = ({ data }) => data.to === name && settle(data.id);
    const settle = (id) => {
      channel.removeEventListener("message", onMessage);
      resolve(id);
    };
    channel.addEventListener("message", onMessage);
    setTimeout(settle, timeout);
    channel.postMessage({ lookup: name });
  });
}

class SecondPage {
  constructor(channel, id) {
    Object.assign(this, { channel, id });
  }

  /** Has the other page send the lane's order that often at once; settles when all have ended. */
  send(lane, { times, ...instructions }) {
    const task = newKey();
    const { method, url, headers } = lane.request(instructions);
    const key = lane.sendsKey ? lane.key : undefined;
    const over = new AbortController();
    return new Promise((resolve, reject) => {
      const fail = (reason) => reject(new Error(`The second page ${reason}.`));
      setTimeout(fail, DONE_TIMEOUT, "did not finish");
      this.#onceClosed(over.signal, () => {
        giveUp(lane.recording);
        fail("was closed before it had finished");
      });
      this.channel.addEventListener("message", ({ data }) => {
        if (data.task !== task) return;
        if (data.attempt) lane.recording.report(data.attempt);
        if (data.done) resolve();
      });
      lane.request(instructions).text().then((body) => this.channel.postMessage({
        to: this.id, task, times, key, request: { method, url, headers: [...headers], body },
      }));
    }).finally(() => over.abort());
  }

  // The lock is free when its holder is gone.
  #onceClosed(signal, call) {
    navigator.locks?.request(lockOf(this.id), { signal }, call).catch(() => {});
  }
}

function giveUp(recording) {
  const open = recording.attempts.filter(({ name, endedAt }) => name.startsWith(THERE) && !endedAt);
  open.forEach(({ id }) => recording.report({ id, endedAt: Date.now(), kind: "lost", reason: "tab closed" }));
}

function lockOf(id) {
  return `onlyonce-second-page-${id}`;
}

/** Makes this page the second one; settles when it is. `onCount` hears how many it has sent. */
export function serveAsSecondPage(onCount) {
  const name = location.hash.slice(1);
  const id = name || newKey();
  if (!navigator.locks) return Promise.resolve(serve(name, id, onCount));
  // Nobody may find it before it holds its lock: who waits for that would take it for closed.
  return new Promise((resolve) => {
    navigator.locks.request(lockOf(id), () => {
      resolve(serve(name, id, onCount));
      return new Promise(() => {});
    });
  });
}

function serve(name, id, onCount) {
  const channel = new BroadcastChannel(CHANNEL);
  let sent = 0;
  channel.addEventListener("message", ({ data }) => {
    if (data.lookup === (name || ANY_TAB)) channel.postMessage({ to: data.lookup, id });
    if (data.to !== id) return;
    sent += data.times;
    onCount(sent);
    sendAll(data, (message) => channel.postMessage({ task: data.task, ...message }));
  });
}

async function sendAll({ request: { url, ...init }, times, key }, post) {
  const report = (attempt) => post({ attempt });
  const all = await Promise.all(Array.from({ length: times }, (_, at) => send(new Request(ownAddress(url), init), { name: `${THERE} ${at + 1}`, key, report })));
  // This page may be gone as soon as it is done.
  await allDeparted(all, DEPARTURES_TIMEOUT);
  post({ done: true });
}
