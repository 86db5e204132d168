// A report as JUnit XML, the dialect that GitHub, GitLab and Jenkins read. Rules:
// 1. Only a `must` that does not hold is a failure. JUnit has no word for a `should`: one that does not hold
//    is skipped, with a message that says so.
// 2. What XML 1.0 cannot hold is shown as U+FFFD.
const NEVER_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;" };

export function junit(report) {
  const { profile, checks, ms, started, endpoint } = report;
  const failures = checks.filter(isFailure).length;
  const skipped = checks.filter((check) => check.verdict !== "passed" && !isFailure(check)).length;
  const counts = { tests: checks.length, failures, errors: 0, skipped, time: seconds(ms) };
  const { hostname } = new URL(endpoint.split(" ")[1]);
  const about = { name: `conform ${profile}`, ...counts, timestamp: started.replace(/\.\d+Z$/, ""), hostname };
  const suite = element("testsuite", about, checks.map((check) => testcase(check, profile)));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", { name: "conform", ...counts }, [suite])}\n`;
}

function isFailure({ level, verdict }) {
  return verdict === "failed" && level === "must";
}

function testcase(check, profile) {
  const about = { classname: `conform.${profile}.${check.level}`, name: check.id, time: seconds(check.ms) };
  return element("testcase", about, [...outcome(check), element("system-out", {}, [text(toldOf(check))])]);
}

function outcome(check) {
  const { level, verdict, seen } = check;
  if (isFailure(check)) return [element("failure", { type: level, message: seen }, [text(toldOf(check))])];
  if (verdict === "passed") return [];
  return [element("skipped", { message: verdict === "failed" ? `a ${level} that does not hold: ${seen}` : seen }, [])];
}

function toldOf({ does, seen, quote }) {
  return `${does}\n-> ${seen}\n"${quote.text}"\n${quote.document}, ${quote.section}\n${quote.url}`;
}

function seconds(ms) {
  return (ms / 1000).toFixed(3);
}

function element(name, attributes, children) {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`).join("");
  return children.length ? `<${name}${written}>${children.join("")}</${name}>` : `<${name}${written}/>`;
}

// Line breaks of a text stay as they are; those of an attribute would become spaces.
function text(value) {
  return escaped(value, /[&<>\r]/g);
}

function escaped(value, what = /[&<>"'\t\n\r]/g) {
  return value.replace(NEVER_XML, "\ufffd").replace(what, (character) => ENTITIES[character]);
}
