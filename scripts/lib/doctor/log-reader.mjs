// A log as pieces of text, one after the other, with the number of the line that each begins on.
// 1. The file may be larger than memory: nothing is kept but the piece that is being read.
// 2. `wrangler tail --format json` writes an event over many lines, from a `{` alone on its line to
//    a `}` alone; everything else is one line.
// 3. A piece that was cut off, or is longer than any that the guard writes, is told as broken.
import { createReadStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { START } from "../command.mjs";
import { Failure } from "../log.mjs";

// wrangler's events hold up to 256 KB of log each, and as much again in white space and escapes.
const LONGEST = 4 * 1024 * 1024;

/** Yields `{ number, text }`, or `{ number, text, broken }` with the reason. */
export async function* readPieces(file) {
  let event;
  for await (const line of lines(file)) {
    if (line.text === "{") {
      if (event) yield { ...event, broken: "it has no end" };
      event = line;
    } else if (!event || line.broken) {
      yield line;
    } else {
      event.text += `\n${line.text}`;
      if (line.text !== "}" && event.text.length <= LONGEST) continue;
      yield line.text === "}" ? event : { ...event, broken: "it is too long" };
      event = undefined;
    }
  }
  if (event) yield { ...event, broken: "it has no end" };
}

async function* lines(file) {
  const decoder = new StringDecoder("utf8");
  let number = 1;
  let rest = "";
  let over = false;
  for await (const chunk of chunks(file)) {
    const parts = (rest + decoder.write(chunk)).split(/\r?\n/);
    rest = parts.pop();
    for (const text of parts) {
      if (!over) yield { number, text };
      over = false;
      number += 1;
    }
    if (rest.length <= LONGEST) continue;
    if (!over) yield { number, text: rest.slice(0, 80), broken: "it is too long" };
    over = true;
    rest = "";
  }
  if (rest && !over) yield { number, text: rest };
}

async function* chunks(file) {
  try {
    yield* file === "-" ? process.stdin : createReadStream(file, { highWaterMark: 1024 * 1024 });
  } catch (error) {
    throw new Failure(`the log ${file} cannot be read: ${error.code ?? error.message}`, {
      cure: `give a file that \`npx wrangler tail --format json > guard.log\` or \`${START} | tee guard.log\` wrote`,
    });
  }
}
