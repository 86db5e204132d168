// What was learnt, as a report: the records with their histories, the period, and the findings. A finding
// is something that a person should know of or act on; a note is how it is meant to be.
import { findingsOfPeriod } from "./period-findings.mjs";
import { notesOfRecord, findingsOfRecord, findingsAcross, findingsOfList } from "./record-findings.mjs";
import { findingsOfHistory, notesOfHistory } from "./record-history.mjs";

export function diagnose({ asked, guard, records, log }) {
  const now = guard?.clock ?? Date.now();
  const window = asked.window ?? guard?.window;
  const diagnosed = records.map((record) => withHistory(record, log, { asked, now, window }));
  const findings = [...diagnosed.flatMap(({ findings }) => findings), ...findingsAcross(diagnosed), ...findingsOfList(guard)];
  // With a record in question, the rest of the log is beside the point.
  const period = log && records.length === 0 ? log.period : undefined;
  return {
    guard: guard && { url: guard.url, version: guard.version, retry_window_ms: guard.window },
    records: diagnosed.map(({ findings: _, ...record }) => record),
    period: period && summary(period),
    unknown: asked.unknown || undefined,
    findings: period ? [...findings, ...findingsOfPeriod(period)] : findings,
  };
}

function withHistory(record, log, context) {
  const history = log?.histories.get(record.record.slice(0, 16));
  const known = record.state !== undefined;
  return {
    ...record,
    notes: [...(known ? notesOfRecord(record, context) : []), ...(history ? notesOfHistory(history) : [])],
    history,
    findings: [...(known ? findingsOfRecord(record, context) : []), ...(history ? findingsOfHistory(record, history, context) : [])],
  };
}

function summary(period) {
  const counts = (map) => Object.fromEntries([...map].sort((a, b) => b[1] - a[1]));
  return { outcomes: counts(period.outcomes), refusals: counts(period.refusals) };
}
