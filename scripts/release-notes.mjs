// npm run release-notes -- TAG: see USAGE.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, main } from "./lib/log.mjs";
import { root } from "./lib/paths.mjs";
import { changelogSection, releaseVersion } from "./lib/release.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

const USAGE = `npm run release-notes -- TAG: what the release of a tag, such as v0.2.0, says: its section of CHANGELOG.md, and
where GITHUB_REPOSITORY and NPM_PUBLISH say that it is public, a button that deploys it. Ends with 1 where the tag is another version than the repository's`;

await main(async () => {
  helpIfAsked(USAGE);
  const tags = process.argv.slice(2);
  if (tags.length !== 1) throw new Failure(tags.length === 0 ? "no tag is named" : `"${tags[1]}" is one tag too many`, { cure: USAGE });
  const section = changelogSection(readFileSync(join(root, "CHANGELOG.md"), "utf8"), releaseVersion(tags[0]));
  process.stdout.write(`${section}\n${button(process.env, tags[0])}`);
});

/** It deploys the template of this very release, whose dependency is the package that goes to npm with it. */
function button({ GITHUB_SERVER_URL, GITHUB_REPOSITORY, NPM_PUBLISH }, tag) {
  if (!GITHUB_REPOSITORY || NPM_PUBLISH !== "true") return "";
  const template = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/tree/${tag}/template`;
  return `\n[![Deploy to Cloudflare](https://deploy.workers.cloudflare.com/button)](https://deploy.workers.cloudflare.com/?url=${template})\n`;
}
