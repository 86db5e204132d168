// Another page of this site that sends as well: both ends of the channel between them.
//
// 1. They exchange messages over a BroadcastChannel. Whoever looks for any tab is answered by each
//    that shows tab.html, and takes the first.
// 2. Where none answers, the page loads tab.html in a frame, which is then the second page. A frame
//    answers to its own name alone: both lanes of a scene look at once, and each ends its own.
// 3. The second page reports each attempt as it happens.

import { newKey } from "./client/index.js";
import { send } from "./send.js";

const CHANNEL = "onlyonce-second-page";
const REPLY_TIMEOUT = 250;
const LOAD_TIMEOUT = 10_000;
const DONE_TIMEOUT = 30_000;
const ANY_TAB = "any tab";

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
  await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  const loaded = await requestId(channel, name, LOAD_TIMEOUT);
  if (loaded) return loaded;
  throw new Error("The second page did not load: allow this site its frames, or open tab.html in a tab.");
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
    return new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("The second page did not finish: it may have been closed.")), DONE_TIMEOUT);
      this.channel.addEventListener("message", ({ data }) => {
        if (data.task !== task) return;
        if (data.attempt) lane.recording.report(data.attempt);
        if (data.done) resolve();
      });
      lane.request(instructions).text().then((body) => this.channel.postMessage({
        to: this.id, task, times, key: lane.key, request: { method, url, headers: [...headers], body },
      }));
    });
  }
}

/** Makes this page the second one. `onCount` hears how many it has sent. */
export function serveAsSecondPage(onCount) {
  const name = location.hash.slice(1);
  const id = name || newKey();
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
  const all = Array.from({ length: times }, (_, at) => send(new Request(url, init), { name: `there ${at + 1}`, key, report }));
  await Promise.all(all);
  post({ done: true });
}
