// How a command is called from where this stands: by npm in the repository, as `onlyonce` out of the package.
import { isRepository } from "./paths.mjs";

/** "npm run doctor -- <url>", or "npx onlyonce doctor <url>". */
export function commandLine(name, args = "") {
  if (!isRepository) return `npx onlyonce ${name} ${args}`.trimEnd();
  return `npm run ${name}${args && ` -- ${args}`}`;
}

/** What runs the guard on this machine. */
export const START = isRepository ? "npm start" : "npx onlyonce dev";

/** The same with another value of what it is told; the repository's takes variables, for npm eats flags. */
export function startWith(name, value) {
  return isRepository ? `${name.toUpperCase()}=${value} npm start` : `npx onlyonce dev --${name} ${value}`;
}
