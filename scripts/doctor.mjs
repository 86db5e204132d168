// [<url>] [<key or record id>]... [--log FILE]: what happened to a request that
// seems to have been carried out twice, and what to do. Rules:
// 1. It only reads. Whatever it advises, a person does.
// 2. It needs nothing but Node 20: neither the packages nor the build.
// 3. stdout is the answer, as text or with --json as one JSON document; stderr is what went wrong.
// 4. It ends with 0 when nothing is wrong, 1 when something was found, 2 when it could not ask.
import { question, USAGE } from "./lib/doctor/arguments.mjs";
import { diagnose } from "./lib/doctor/diagnose.mjs";
import { askGuard } from "./lib/doctor/guard-client.mjs";
import { HistoryCollector } from "./lib/doctor/history-collector.mjs";
import { readLog } from "./lib/doctor/log-file.mjs";
import { PeriodCollector } from "./lib/doctor/period-collector.mjs";
import { reportText } from "./lib/doctor/report.mjs";
import { Failure, log } from "./lib/log.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

const COULD_NOT_ASK = 2;

helpIfAsked(USAGE);
try {
  const asked = question(process.argv.slice(2), process.env);
  const report = await examine(asked);
  process.stdout.write(asked.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  process.exitCode = report.findings.length > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  log(`doctor: ${error.message}${error.cure ? `\ncure: ${error.cure}` : ""}`);
  process.exitCode = COULD_NOT_ASK;
}

async function examine(asked) {
  const guard = asked.url && (await askGuard(asked));
  const records = guard?.records ?? asked.subjects.map((record) => ({ record }));
  const log = asked.log && (await read(asked, records, guard));
  return { ...diagnose({ asked, guard, records, log }), read: log?.read };
}

// One pass over the file serves both: it may be too large to keep, and to read twice.
async function read(asked, records, guard) {
  const wanted = records.map(({ record }) => record);
  const histories = new HistoryCollector(wanted, asked.near);
  const period = new PeriodCollector({ near: asked.near, window: asked.window ?? guard?.window });
  const summary = await readLog(asked.log, asked, (line) => {
    histories.add(line);
    period.add(line);
  });
  return { read: summary, histories: histories.collected(), period };
}
