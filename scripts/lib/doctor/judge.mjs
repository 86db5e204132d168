// What was learnt, as a report: the records, their stories, the period, and the findings. A finding
// is something that a person should know of or act on; a note is how it is meant to be.
import { notesOfRecord, findingsOfRecord, findingsAcross } from "./records.mjs";
import { findingsOfPeriod } from "./period.mjs";
import { findingsOfStory, notesOfStory } from "./stories.mjs";

export function judge({ asked, guard, records, log }) {
  const now = guard?.clock ?? Date.now();
  const window = asked.window ?? guard?.window;
  const told = records.map((record) => withStory(record, log, { asked, now, window }));
  const findings = [...told.flatMap(({ findings }) => findings), ...findingsAcross(told)];
  // With a record in question, the rest of the log is beside the point.
  const period = log && records.length === 0 ? log.duplicates : undefined;
  return {
    guard: guard && { url: guard.url, version: guard.version, retry_window_ms: guard.window },
    records: told.map(({ findings: _, ...record }) => record),
    period: period && summary(period),
    findings: period ? [...findings, ...findingsOfPeriod(period)] : findings,
  };
}

function withStory(record, log, context) {
  const story = log?.stories.get(record.record.slice(0, 16));
  const known = record.state !== undefined;
  return {
    ...record,
    notes: [...(known ? notesOfRecord(record, context) : []), ...(story ? notesOfStory(story) : [])],
    story,
    findings: [...(known ? findingsOfRecord(record, context) : []), ...(story ? findingsOfStory(record, story, context) : [])],
  };
}

function summary(period) {
  const counts = (map) => Object.fromEntries([...map].sort((a, b) => b[1] - a[1]));
  return { outcomes: counts(period.outcomes), refusals: counts(period.refusals) };
}
