// Times, as a person reads them: the local one, its age in words, and the exact one beside it.

import { element } from "./dom.js";

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** `<time>` with the local time; the exact one is its title. */
export function time(text) {
  return element("time", { datetime: text, title: text }, LOCAL.format(new Date(text)));
}

/** `<time>` with the age; the exact time is its title. */
export function age(text, now = Date.now()) {
  return element("time", { datetime: text, title: text }, ageInWords(Date.parse(text), now));
}

/** "3 minutes ago", "in 2 hours". */
export function ageInWords(at, now = Date.now()) {
  const seconds = Math.round((at - now) / 1000);
  if (Math.abs(seconds) < 5) return "just now";
  const words = duration(Math.abs(seconds));
  return seconds < 0 ? `${words} ago` : `in ${words}`;
}

// In the largest unit of which there are two, so that "1 hour" is never said of 119 minutes.
function duration(seconds) {
  const [name, size] = UNITS.find(([, size]) => seconds >= 2 * size) ?? UNITS.at(-1);
  const number = Math.floor(seconds / size);
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}
