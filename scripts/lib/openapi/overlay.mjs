// The Overlay document (1.0.0): what is to be added to the API's own document, for any tool that applies one.
// 1. A target names one place; a parameter by what it is called, not by its index, which the document's next
//    version may change. 2. A list grows by a merge of its object, as in the specification's example of traits.
import { isDeepStrictEqual } from "node:util";
import { dirname, relative, resolve } from "node:path";
import { stringify } from "yaml";
import { difference } from "./difference.mjs";
import { METHODS } from "./document.mjs";
import { jsonPath } from "./json-path.mjs";

export function overlayOf(document, after, { version, output }) {
  const actions = difference(document.value, after, isAnchor).map((action) => actionOf(action, document.value));
  const { title = "the API", version: revision = "1" } = document.value.info;
  return {
    overlay: "1.0.0",
    info: { title: `What Onlyonce ${version} adds to ${title}`, version: String(revision) },
    extends: reference(document.file, output),
    // The specification wants one at least, and this one changes nothing.
    actions: actions.length > 0 ? actions : [{ target: "$.info", description: "There is nothing to add.", update: {} }],
  };
}

function isAnchor(keys) {
  if (keys[0] === "components") return keys.length === 2;
  return keys[0] === "paths" && keys.length === 3 && METHODS.includes(keys[2]);
}

function actionOf({ keys, update, remove }, document) {
  const target = jsonPath(keys.map((key, at) => (typeof key === "number" ? called(document, keys.slice(0, at), key) : key)));
  return remove ? { target, remove } : { target, update };
}

// What an entry of a list is called, where no other is called so; else its index.
function called(document, keys, index) {
  const list = keys.reduce((found, key) => found[key], document);
  const name = nameOf(list[index]);
  const alike = list.filter((entry) => isDeepStrictEqual(nameOf(entry), name));
  return name !== undefined && alike.length === 1 ? name : index;
}

function nameOf({ $ref, name, in: place }) {
  if (typeof $ref === "string") return { $ref };
  return typeof name === "string" && typeof place === "string" ? { name, in: place } : undefined;
}

// As one file names another; where the overlay goes to stdout, it is thought to lie in this folder.
function reference(file, output) {
  const path = relative(output === undefined ? process.cwd() : dirname(resolve(output)), file);
  return encodeURI(path.split("\\").join("/")).replace(/^(?![./])/, "./");
}

export function overlayText(overlay, json) {
  if (json) return `${JSON.stringify(overlay, null, 2)}\n`;
  return stringify(overlay, { lineWidth: 0, aliasDuplicateObjects: false });
}
