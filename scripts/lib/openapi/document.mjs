// An OpenAPI document, read and not changed. Rules:
// 1. What begins with a brace and is JSON is JSON; all else is YAML 1.2, which has JSON in it.
// 2. Only OpenAPI 3.0 and 3.1 with the members that we walk through pass: what follows may trust its shape.
// 3. What cannot be read is shown where it stands: file:line:column, and the line.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { commandLine } from "../command.mjs";
import { Failure } from "../log.mjs";

const BYTE_ORDER_MARK = "\uFEFF";
const WRONG = { cure: "validate the document first, for example with `npx @redocly/cli lint`" };

/** `{ file, text, json, value }` of an OpenAPI document. */
export function readDocument(file) {
  const document = readFileAsData(file);
  refuseOthers(document.value, file);
  refuseBroken(document.value, file);
  return document;
}

/** `{ file, text, json, value }` of any JSON or YAML file. */
export function readFileAsData(file) {
  const text = contentOf(file);
  const value = text.trimStart().startsWith("{") ? jsonValue(text) : undefined;
  if (value !== undefined) return { file: resolve(file), text, json: true, value };
  return { file: resolve(file), text, json: false, value: valueOf(parseYaml(text, file), file) };
}

function contentOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error.code === "ENOENT" ? "there is no such file" : error.message}`, {
      cure: `name the file of the OpenAPI document: ${commandLine("openapi", "openapi.yaml")}`,
    });
  }
}

function jsonValue(text) {
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

/** The tree of a YAML (or JSON) text, with the place of each node. */
export function parseYaml(text, file) {
  const lines = new LineCounter();
  const tree = parseDocument(text, { lineCounter: lines, merge: true });
  if (tree.errors.length > 0) throw unreadable(tree.errors[0], text, file, lines);
  return tree;
}

function unreadable({ message, pos: [at] }, text, file, lines) {
  const { line, col } = lines.linePos(at);
  const shown = text.split(/\r?\n/, line)[line - 1].slice(0, 200);
  const [sentence] = message.split(" at line ");
  return new Failure(`${file}:${line}:${col}: ${sentence}`, { tail: [shown, `${" ".repeat(col - 1)}^`], cure: "mend that line, then run the same again" });
}

/** What a tree says, as JSON would say it: no value stands in two places, and none within itself. */
export function valueOf(tree, file) {
  try {
    return JSON.parse(JSON.stringify(tree.toJS()) ?? "null");
  } catch (error) {
    throw new Failure(`${file}: its anchors and aliases cannot be followed: ${error.message}`, { cure: "write the values out, or use $ref" });
  }
}

function refuseOthers(value, file) {
  const { openapi, swagger } = isObject(value) ? value : {};
  if (swagger !== undefined) {
    throw new Failure(`${file} is Swagger ${swagger}, and this reads OpenAPI 3.0 and 3.1`, { cure: "convert it first: npx swagger2openapi -o openapi.yaml swagger.yaml" });
  }
  if (openapi === undefined) throw new Failure(`${file} is no OpenAPI document: it has no member "openapi"`, { cure: 'it begins with `openapi: 3.1.0`' });
  if (!/^3\.[01](\.|$)/.test(String(openapi))) throw new Failure(`${file} is OpenAPI ${openapi}, and this reads 3.0 and 3.1`, { cure: "convert it to 3.1" });
}

function refuseBroken(value, file) {
  for (const name of ["info", "paths", "components"]) {
    if (isThere(value[name]) && !isObject(value[name])) throw new Failure(`${file}: "${name}" is no object`, WRONG);
  }
  if (!isThere(value.info)) throw new Failure(`${file}: "info" is missing`, WRONG);
  for (const [kind, entries] of Object.entries(value.components ?? {})) {
    if (!kind.startsWith("x-") && isThere(entries) && !isObject(entries)) throw new Failure(`${file}: components.${kind} is no object`, WRONG);
  }
  for (const [path, item] of Object.entries(value.paths ?? {})) {
    if (!path.startsWith("x-")) refuseBrokenItem(item, `${file}: paths["${path}"]`);
  }
}

export const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** Throws where a path item is not what the specification calls one. */
export function refuseBrokenItem(item, where) {
  if (!isObject(item)) throw new Failure(`${where} is no object`, WRONG);
  refuseNoList(item.parameters, `${where}.parameters`);
  for (const method of METHODS.filter((name) => item[name] !== undefined)) {
    const operation = item[method];
    const place = `${where}.${method}`;
    if (!isObject(operation)) throw new Failure(`${place} is no object`, WRONG);
    refuseNoList(operation.parameters, `${place}.parameters`);
    if (isThere(operation.responses) && !isObject(operation.responses)) throw new Failure(`${place}.responses is no object`, WRONG);
  }
}

function refuseNoList(value, where) {
  if (!isThere(value)) return;
  if (!Array.isArray(value)) throw new Failure(`${where} is no list`, WRONG);
  const at = value.findIndex((entry) => !isObject(entry));
  if (at >= 0) throw new Failure(`${where}[${at}] is no object`, WRONG);
}

// YAML's authors leave a name without a value where there is nothing to say.
function isThere(value) {
  return value !== undefined && value !== null;
}

export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
