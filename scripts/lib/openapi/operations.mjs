// The operations of a document, each with what the policy says of it. Rules:
// 1. Webhooks and callbacks are requests that this API sends: they are none of its operations.
// 2. A path begins with the path of its server: the operation's, else the path item's, else the document's.
//    Where the servers differ in that, an operation stands under each of them.
// 3. An operation is guarded where every route that may decide about it guards its method.
import { isObject, METHODS, refuseBrokenItem } from "./document.mjs";
import { decidingRoutes, templateSegments } from "./routes.mjs";

export function operationsOf(document, { references, contract, base }) {
  const items = Object.entries(document.value.paths ?? {}).filter(([path]) => !path.startsWith("x-"));
  const found = items.flatMap(([path, item]) => operationsAt(path, item, references));
  for (const operation of found) operation.templates = templatesOf(operation, document.value, base);
  const bySize = segmentsBySize(found.flatMap(({ templates }) => templates));
  for (const operation of found) operation.routes = routesOf(operation, contract, bySize);
  return found.map((operation) => ({ ...operation, ...verdict(operation) }));
}

/** `[{ path, ref }]`: the paths that refer to what cannot be read. */
export function unreadablePaths(document, references) {
  const items = Object.entries(document.value.paths ?? {}).filter(([path]) => !path.startsWith("x-"));
  return items.filter(([, item]) => !references.resolve(item)).map(([path, { $ref: ref }]) => ({ path, ref }));
}

function operationsAt(path, written, references) {
  const found = references.resolve(written);
  if (!found) return [];
  const { value: item, file, pointer } = found;
  refuseBrokenItem(item, `paths["${path}"]`);
  const place = file === references.home ? (pointer ?? undefined) : false;
  return METHODS.filter((method) => item[method] !== undefined).map((method) => ({
    method: method.toUpperCase(),
    path,
    item,
    operation: item[method],
    file,
    keys: keysOf(path, place, method),
    parameters: parametersOf(item, item[method], references, file),
  }));
}

// Where the operation stands in the document; undefined where it stands in another file.
function keysOf(path, place, method) {
  if (place === false) return undefined;
  if (place === undefined) return ["paths", path, method];
  return [...place.slice(1).split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~")), method];
}

/** The parameters that hold for an operation, each as it is written and as it is meant. */
function parametersOf(item, operation, references, file) {
  const read = (list, own) =>
    (list ?? []).map((written, index) => ({ own, index, written, value: references.resolve(written, file)?.value }));
  const own = read(operation.parameters, true);
  const shared = read(item.parameters, false).filter(({ value }) => !own.some((other) => isSame(other.value, value)));
  return [...own, ...shared].filter(({ value }) => isObject(value));
}

function isSame(one, other) {
  return isObject(one) && isObject(other) && one.in === other.in && namesOf(one) === namesOf(other);
}

// Names of headers count in any case.
function namesOf({ name, in: place }) {
  return place === "header" ? String(name).toLowerCase() : name;
}

export function isParameter(value, place, name) {
  return isSame(value, { in: place, name: place === "header" ? name.toLowerCase() : name });
}

function templatesOf({ path, item, operation }, document, base) {
  const bases = base === undefined ? basesOf(operation.servers ?? item.servers ?? document.servers) : [base];
  return bases.map((prefix) => prefix + path.replace(/[?#].*$/, ""));
}

function basesOf(servers) {
  const list = Array.isArray(servers) && servers.length > 0 ? servers : [{ url: "/" }];
  return unique(list.filter(isObject).map(baseOf));
}

function baseOf({ url = "/", variables = {} }) {
  const written = String(url).replace(/\{([^{}]*)\}/g, (_, name) => variables[name]?.default ?? name);
  const { pathname } = URL.canParse(written, "http://x") ? new URL(written, "http://x") : { pathname: "/" };
  return pathname.replace(/\/+$/, "");
}

function unique(list) {
  return [...new Set(list)];
}

function routesOf({ templates }, contract, bySize) {
  const deciding = templates.map(templateSegments).flatMap((segments) => decidingRoutes(contract.routes, segments, bySize.get(segments.length)));
  return deciding.filter(({ index }, at) => deciding.findIndex((other) => other.index === index) === at);
}

/** The segments of all templates, by their number. */
function segmentsBySize(templates) {
  const bySize = new Map();
  for (const segments of unique(templates).map(templateSegments)) {
    if (!bySize.has(segments.length)) bySize.set(segments.length, []);
    bySize.get(segments.length).push(segments);
  }
  return bySize;
}

function verdict({ routes, method }) {
  const parts = routes.map((part) => ({ ...part, ...guards(part.route, method) }));
  const main = parts.findLast(({ reach }) => reach === "all") ?? parts.at(-1);
  // What an unguarded part says of keys holds for nobody.
  const guard = main.guarded ? main : parts.find(({ guarded }) => guarded);
  return { parts, main, guard, route: guard?.route, guarded: parts.every(({ guarded }) => guarded) };
}

function guards(route, method) {
  if (route.key === "off") return { guarded: false, why: `key = "off"` };
  if (!route.methods.includes(method)) return { guarded: false, why: `its methods are ${route.methods.join(", ")}` };
  return { guarded: true, watched: route.mode === "observe" };
}

/** "POST /payments (createPayment)", as it stands in a sentence. */
export function nameOf({ method, path, operation: { operationId } }) {
  return typeof operationId === "string" ? `${method} ${path} (${operationId})` : `${method} ${path}`;
}

/** "routes[0] /payments/**", or "[vars.POLICY]" for the defaults. */
export function routeName({ route, index }) {
  return route.path === "*" ? "[vars.POLICY]" : `routes[${index}] ${route.path}`;
}
