// Which routes of the policy decide about a path template of an OpenAPI document. Rules:
// 1. The patterns are the guard's (docs/CONFIGURATION.md, "Routes"): `*` is one segment and not an empty
//    one, a last `**` is the rest, one slash at the end does not count.
// 2. `{name}` stands for any one segment that is not empty; `{name}.json` for any that ends in ".json".
// 3. A route is for "all" paths that a template can stand for, for "some", or for "none".
// 4. What another template of the document writes out is not among the paths of this one: it says that
//    a path without parameters is matched before one with them.

/** The segments of a template: `{ text }`, `{ any: true }`, or `{ text, shape }` where a part of it is a parameter. */
export function templateSegments(path) {
  return withoutLastSlash(path).split("/").slice(1).map(templateSegment);
}

function templateSegment(text) {
  if (/^\{[^{}]*\}$/.test(text)) return { text, any: true };
  const asSent = encoded(text);
  if (!/\{[^{}]*\}/.test(text)) return { text: asSent };
  const parts = text.split(/\{[^{}]*\}/).map((part) => encoded(part).replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return { text, shape: new RegExp(`^${parts.join(".*")}$`) };
}

// As the platform's URL writes what a client may have sent unencoded.
function encoded(text) {
  return text === "" ? text : new URL(`http://x/a${text}`).pathname.slice(2);
}

function withoutLastSlash(path) {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function routeSegments(pattern) {
  return withoutLastSlash(pattern).split("/").slice(1);
}

/** "all", "some" or "none" of the paths that a template can stand for. */
export function reach(pattern, template) {
  if (pattern === "*" || pattern === "/**") return "all";
  const wanted = routeSegments(pattern);
  const rest = wanted.at(-1) === "**";
  if (rest) wanted.pop();
  if (rest ? template.length < wanted.length : template.length !== wanted.length) return "none";
  const each = wanted.map((name, index) => segmentReach(name, template[index]));
  if (each.includes("none")) return "none";
  return each.includes("some") ? "some" : "all";
}

function segmentReach(name, segment) {
  if (name === "*") return segment.text === "" ? "none" : "all";
  if (segment.any) return name === "" ? "none" : "some";
  if (segment.shape) return segment.shape.test(name) ? "some" : "none";
  return segment.text === name ? "all" : "none";
}

/**
 * The routes that may decide about a template, as `{ route, index, reach }` in their order; the last of
 * them takes all that is left. `others` are the document's templates with as many segments.
 */
export function decidingRoutes(routes, template, others = []) {
  const deciding = [];
  for (const [index, route] of routes.entries()) {
    const here = reach(route.path, template);
    if (here === "none" || (here === "some" && writtenOut(route.path, template, others))) continue;
    deciding.push({ route, index, reach: here });
    if (here === "all") break;
  }
  return deciding;
}

// Whether all that the pattern takes from the template is written out in another template.
function writtenOut(pattern, template, others) {
  const wanted = routeSegments(pattern);
  const narrowed = template.map((segment, index) => (isName(wanted[index]) ? { text: wanted[index] } : segment));
  return others.some((other) => other.every((segment, index) => covers(segment, narrowed[index])));
}

function isName(segment) {
  return segment !== undefined && segment !== "*" && segment !== "**";
}

function covers(segment, narrowed) {
  if (narrowed.any) return segment.any === true;
  return !segment.any && segment.text === narrowed.text;
}
