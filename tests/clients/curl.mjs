// Runs curl against a guard: the answer's last head and its body as data.
import { execFile } from "node:child_process";
import { which } from "../../scripts/lib/run.mjs";
import { newLane } from "./customer.mjs";

/** A reason to skip the tests, where there is no curl on this machine. */
export const noCurl = which("curl") ? false : "there is no curl on PATH";

const SEPARATOR = "\n== onlyonce ==\n";

/** One caller with a lane of its own: `{ lane, post(path, ...args), counts(), asked(), script(...) }`. */
export function newCaller({ guard, origin }) {
  const lane = newLane();
  const key = ["-H", `Idempotency-Key: "${lane}"`];
  const asked = () => guard.asked(lane);
  return {
    lane,
    asked,
    /** POSTs an order, unless the arguments bring a body of their own. */
    post: (path, ...args) => curl([...key, ...body(args), ...args, guard.url + path]),
    counts: () => {
      const { arrived, executed } = origin.lane(lane);
      return { asked: asked().length, arrived: arrived.length, executed };
    },
    script: (...steps) => origin.script(lane, ...steps),
  };
}

function body(args) {
  if (args.some((arg) => ["--data-binary", "--json"].includes(arg))) return [];
  return ["-H", "Content-Type: application/json", "--data-binary", '{"amount":450}'];
}

/** `{ exit, status, version, headers, body }`; the head is that of the last answer. */
function curl(args) {
  const format = `${SEPARATOR}%{json}${SEPARATOR}%{header_json}`;
  return new Promise((resolve) => {
    const options = { encoding: "utf8", maxBuffer: 2 ** 26, env: { PATH: process.env.PATH } };
    // -q: no file of the user's own changes what is sent.
    execFile("curl", ["-q", "-s", "-w", format, ...args], options, (error, stdout) => {
      const [body, figures, headers] = stdout.split(SEPARATOR);
      const { http_code: status, http_version: version } = JSON.parse(figures);
      resolve({ exit: error?.code ?? 0, status, version, headers: JSON.parse(headers || "{}"), body });
    });
  });
}
