// What a document and the policy do not agree on. Rules:
// 1. Each finding names the operation or the route, the reason, and what to do.
// 2. What the document accepts with a reason is no finding; an acceptance without a reason is one.
// 3. A note is how it may be meant: it fails no gate.
import { isObject } from "./document.mjs";
import { MARK } from "./components.mjs";
import { denial } from "./evidence.mjs";
import { keyFindings } from "./key-findings.mjs";
import { nameOf, operationsOf, routeName, unreadablePaths } from "./operations.mjs";
import { References } from "./references.mjs";

const WRITES = ["POST", "PATCH"];
const IDEMPOTENT = ["PUT", "DELETE"];

export function findingsOf(document, contract, { document: file, base }) {
  const references = new References(document);
  const operations = operationsOf(document, { references, contract, base });
  const context = { references, contract, file };
  const report = { document: file, operations: operations.length, guarded: operations.filter(({ guarded }) => guarded).length, findings: [], accepted: [], notes: [] };
  for (const operation of operations) examine(operation, report, context);
  const routes = document.value[MARK]?.routes;
  for (const finding of routeFindings(contract.routes, operations)) settle(report, finding, isObject(routes) ? routes[finding.route] : undefined);
  for (const path of unreadablePaths(document, references)) report.findings.push(unreadable(path));
  return report;
}

function examine(operation, report, context) {
  const guard = guardFinding(operation, context);
  const acceptance = operation.operation[MARK]?.unguarded;
  if (guard) settle(report, finding(operation, guard), acceptance);
  else if (acceptance !== undefined) report.notes.push(note(operation, `${nameOf(operation)} accepts that it is not guarded, and nothing has to be accepted: its "unguarded" can go.`));
  if (!operation.guard) return;
  const watched = operation.parts.find((part) => part.guarded && part.watched);
  if (watched) report.notes.push(note(operation, `${nameOf(operation)} is only watched: ${routeName(watched)} has mode = "observe", so nothing is refused there yet.`));
  report.findings.push(...keyFindings(operation, context).map((one) => finding(operation, one)));
}

function finding({ method, path, operation }, { kind, what, next }) {
  return { kind, method, path, operation_id: operation.operationId, what, next };
}

function note({ method, path, operation }, what) {
  return { method, path, operation_id: operation.operationId, what };
}

// An empty reason is none.
function settle(report, one, reason) {
  if (reason === undefined) report.findings.push(one);
  else if (typeof reason === "string" && reason.trim() !== "") report.accepted.push({ ...one, reason });
  else report.findings.push({ ...one, kind: "acceptance", what: `${one.what} The document accepts that without a reason.`, next: `Write the reason, as a text. Or: ${one.next}` });
}

const ACCEPT = `accept it in the operation: "x-onlyonce": {"unguarded": "<why>"}`;

function guardFinding(operation, { references }) {
  const { method, guarded, parts } = operation;
  if (guarded || ![...WRITES, ...IDEMPOTENT].includes(method)) return undefined;
  const reason = IDEMPOTENT.includes(method) ? denial(operation, references) : "";
  if (reason === undefined) return undefined;
  return parts.some((part) => part.guarded) ? partly(operation) : unguarded(operation, reason);
}

function partly(operation) {
  const open = operation.parts.filter(({ guarded }) => !guarded);
  return {
    kind: "partly-guarded",
    what: `${nameOf(operation)} is guarded for some of its paths only: ${open.map((part) => refusalOf(part, operation)).join("; ")}.`,
    next: `Guard it there, too; or ${ACCEPT}`,
  };
}

function unguarded(operation, reason) {
  const { parts, main } = operation;
  const evidence = reason === "" ? "" : `; and by the document it is not idempotent: ${reason}`;
  const others = parts.length > 1 ? ", and so do the other routes that may decide" : "";
  return {
    kind: "unguarded",
    what: `${nameOf(operation)} is not guarded: ${refusalOf(main, operation)}${others}${evidence}.`,
    next: `${main.route.key === "off" ? "Guard it with a route of its own" : `Name ${operation.method} in the methods of a route for it`}; or, where it may be carried out twice, ${ACCEPT}`,
  };
}

function refusalOf(part, { method }) {
  if (part.route.key === "off") return `${routeName(part)} decides with key = "off"`;
  return `${routeName(part)} decides, and its methods are ${part.route.methods.join(", ")}, without ${method}`;
}

function routeFindings(routes, operations) {
  return routes.slice(0, -1).flatMap((route, index) => {
    const taken = operations.flatMap(({ parts, method }) => parts.filter((part) => part.index === index).map((part) => ({ ...part, method })));
    if (taken.some(({ guarded }) => guarded || route.key === "off")) return [];
    return [routeFinding(route, index, [...new Set(taken.map(({ method }) => method))])];
  });
}

function routeFinding(route, index, methods) {
  const name = routeName({ route, index });
  const there = methods.length > 0 ? `guards ${route.methods.join(", ")}, and the document has only ${methods.join(", ")} there` : "is for no operation of the document";
  return {
    kind: "no-operation",
    route: route.path,
    what: `${name} ${there}.`,
    next: `Correct the route (--base says at which path the API stands), or the document; where it is not for this document, accept it at the top: "x-onlyonce": {"routes": {${JSON.stringify(route.path)}: "<why>"}}`,
  };
}

function unreadable({ path, ref }) {
  return {
    kind: "unreadable",
    path,
    what: `paths["${path}"] refers to ${ref}, which cannot be read, so that its operations were not checked.`,
    next: "Correct the reference, or bundle the document into one file first: npx @redocly/cli bundle",
  };
}
