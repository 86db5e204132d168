// The demo page: one form, one key for each logical order.
//
// 1. The button is never disabled: every press sends the order again, with the
//    same key, and every answer is listed. The guard makes them one order.
// 2. The key changes only when the user edits the order after a final answer,
//    or asks for a new order.
// 3. The ledger beside it is read from the shop, not worked out here.

import { newKey } from "./key.js";
import { emptyLedger, isFinal, readLedger, sendOrder } from "./shop.js";
import { showAnswer, showLedger, showVerdict, waitingEntry } from "./view.js";

const find = (id) => document.getElementById(id);
const form = find("order");
// Not form.elements.item: that is the collection's own method, not the field.
const field = (name) => form.elements.namedItem(name);

const MAX_LISTED = 50;
const READ_EVERY = 500;

let submission;
let requests = 0;
let inFlight = 0;
let reading;
let ledgerReads = 0;

function startSubmission() {
  submission = { key: newKey(), sent: 0, answers: [], settled: false };
  field("key").value = submission.key;
  showVerdict(find("verdict"), submission);
}

async function submit(event) {
  event.preventDefault();
  const mine = submission;
  const number = ++requests;
  const entry = listed(waitingEntry(number));
  mine.sent += 1;
  tell(mine);
  const answer = await whileReading(sendOrder(orderInForm(), mine.key, Number(field("delay").value)));
  mine.answers.push(answer);
  mine.settled ||= isFinal(answer);
  showAnswer(entry, number, answer);
  tell(mine);
}

function listed(entry) {
  const list = find("answers");
  list.prepend(entry);
  if (list.childElementCount > MAX_LISTED) list.lastElementChild.remove();
  return entry;
}

// An answer to an earlier key must not speak for the present one.
function tell(mine) {
  if (mine === submission) showVerdict(find("verdict"), mine);
}

function orderInForm() {
  return {
    item: field("item").value,
    quantity: field("quantity").valueAsNumber,
    price_cents: Math.round(field("price").valueAsNumber * 100),
  };
}

// The shop executes before it answers: the ledger is read meanwhile, to show it.
async function whileReading(call) {
  inFlight += 1;
  reading ??= setInterval(refresh, READ_EVERY);
  const answer = await call;
  inFlight -= 1;
  if (inFlight === 0) reading = clearInterval(reading);
  refresh();
  return answer;
}

async function refresh() {
  const read = ++ledgerReads;
  const answer = await readLedger();
  // A slow answer must not overwrite a newer one.
  if (read === ledgerReads) showLedger(find("ledger-total"), find("ledger"), answer);
}

async function empty() {
  await emptyLedger();
  await refresh();
}

form.addEventListener("submit", submit);
form.addEventListener("input", () => submission.settled && startSubmission());
find("new-order").addEventListener("click", startSubmission);
find("refresh").addEventListener("click", refresh);
find("clear").addEventListener("click", empty);

startSubmission();
refresh();
