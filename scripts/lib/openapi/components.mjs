// What we add to `components`. Rules:
// 1. A name begins with "Onlyonce"; where the document has one like it, a number follows.
// 2. Each of ours carries `x-onlyonce`, by which a later run knows it again: `true`, or what it is a copy of.
// 3. The same thing asked for twice is one component.
import { isObject } from "./document.mjs";

export const MARK = "x-onlyonce";

export class Components {
  #document;
  #made = new Map();

  constructor(document) {
    this.#document = document;
  }

  /** The `$ref` of a component that says `value`; it is added where there is none yet. */
  reference(kind, wanted, value, mark = true) {
    const marked = { ...value, [MARK]: mark };
    const said = `${kind} ${wanted} ${JSON.stringify(marked)}`;
    if (!this.#made.has(said)) this.#made.set(said, this.#add(this.#pool(kind), wanted, marked));
    return { $ref: `#/components/${kind}/${this.#made.get(said)}` };
  }

  #add(pool, wanted, marked) {
    const clean = wanted.replace(/[^A-Za-z0-9._-]/g, "_");
    let name = clean;
    for (let number = 2; Object.hasOwn(pool, name); number += 1) name = `${clean}_${number}`;
    pool[name] = marked;
    return name;
  }

  #pool(kind) {
    const components = (this.#document.components ??= {});
    return (components[kind] ??= {});
  }
}

/** Whether a node refers to a component of ours in `document`. */
export function isOurs(node, document) {
  const component = componentOf(node, document);
  return isObject(component) && component[MARK] !== undefined;
}

/** The component that a node refers to by `#/components/…`, or undefined. */
export function componentOf(node, document) {
  const [, kind, name] = /^#\/components\/([^/]+)\/([^/]+)$/.exec(isObject(node) ? (node.$ref ?? "") : "") ?? [];
  const pool = document.components?.[kind];
  return isObject(pool) && Object.hasOwn(pool, name) ? pool[name] : undefined;
}
