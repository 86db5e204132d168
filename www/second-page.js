// Another page of this site that sends as well: both ends of their talk.
//
// 1. They talk over a BroadcastChannel. Whoever asks for any is answered by every tab that shows
//    tab.html, and takes the first.
// 2. Where none answers, the page loads tab.html in a frame, which is then the second page. A frame
//    answers to its own name alone: both lanes of a scene ask at once, and each ends its own.
// 3. The second page reports each attempt as it happens.

import { newKey } from "./client/index.js";
import { send } from "./send.js";

const CHANNEL = "onlyonce-second-page";
const ANSWERS_WITHIN = 250;
const LOADS_WITHIN = 10_000;
const DONE_WITHIN = 30_000;
const ANY = "any tab";

export async function withSecondPage(work) {
  const channel = new BroadcastChannel(CHANNEL);
  const frame = document.createElement("iframe");
  try {
    return await work(new OtherPage(channel, await whoIsThere(channel, frame)));
  } finally {
    frame.remove();
    channel.close();
  }
}

async function whoIsThere(channel, frame) {
  const tab = await answer(channel, ANY, ANSWERS_WITHIN);
  if (tab) return tab;
  const name = newKey();
  Object.assign(frame, { src: `tab.html#${name}`, title: "The second page", hidden: true });
  document.body.append(frame);
  await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  const loaded = await answer(channel, name, LOADS_WITHIN);
  if (loaded) return loaded;
  throw new Error("The second page did not load: allow this site its frames, or open tab.html in a tab.");
}

function answer(channel, who, within) {
  return new Promise((resolve) => {
    const heard = ({ data }) => data.to === who && settle(data.here);
    const settle = (who) => {
      channel.removeEventListener("message", heard);
      resolve(who);
    };
    channel.addEventListener("message", heard);
    setTimeout(settle, within);
    channel.postMessage({ who });
  });
}

class OtherPage {
  constructor(channel, id) {
    Object.assign(this, { channel, id });
  }

  /** Has the other page send the lane's order that often at once; settles when all have ended. */
  send(lane, { times, ...instructions }) {
    const task = newKey();
    const { method, url, headers } = lane.request(instructions);
    return new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("The second page did not finish: it may have been closed.")), DONE_WITHIN);
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

/** Makes this page the second one. `told` hears how many it has sent. */
export function serveAsSecondPage(told) {
  const name = location.hash.slice(1);
  const id = name || newKey();
  const channel = new BroadcastChannel(CHANNEL);
  let sent = 0;
  channel.addEventListener("message", ({ data }) => {
    if (data.who === (name || ANY)) channel.postMessage({ to: data.who, here: id });
    if (data.to !== id) return;
    sent += data.times;
    told(sent);
    carryOut(data, (message) => channel.postMessage({ task: data.task, ...message }));
  });
}

async function carryOut({ request: { url, ...init }, times, key }, post) {
  const report = (attempt) => post({ attempt });
  const all = Array.from({ length: times }, (_, at) => send(new Request(url, init), { name: `there ${at + 1}`, key, report }));
  await Promise.all(all);
  post({ done: true });
}
