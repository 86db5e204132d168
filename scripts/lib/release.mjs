// What a release is called, and what its notes are. Rules:
// 1. Every place that tells the version tells the same one; a tag is that version with a `v`.
// 2. The notes are the version's own section of CHANGELOG.md, as it stands there.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./log.mjs";
import { root } from "./paths.mjs";

const read = (file) => readFileSync(join(root, file), "utf8");

/** The version of this repository. With `tag`, throws where that names another one. */
export function releaseVersion(tag) {
  const { version } = JSON.parse(read("package.json"));
  const told = [
    ["Cargo.toml", read("Cargo.toml").match(/^version = "(.+)"$/m)?.[1]],
    ["package-lock.json", JSON.parse(read("package-lock.json")).version],
    ["template/package.json", JSON.parse(read("template/package.json")).devDependencies.onlyonce.replace(/^\^/, "")],
    ...(tag === undefined ? [] : [[`the tag ${tag}`, tag.replace(/^v/, "")]]),
  ];
  const others = told.filter(([, other]) => other !== version).map(([place, other]) => `${place} says ${other}`);
  if (others.length === 0) return version;
  throw new Failure(`package.json says version ${version}, and ${others.join(", ")}`, { cure: "write the same version everywhere" });
}

/** The section of `version` in the text of a changelog, without its heading. */
export function changelogSection(text, version) {
  const [, ...sections] = text.split(/^## /m);
  const section = sections.find((each) => each.split(/\s/, 1)[0].replace(/[[\]]/g, "") === version);
  const body = section?.slice(section.indexOf("\n")).trim();
  if (body) return body;
  throw new Failure(`CHANGELOG.md has ${section ? "nothing under" : "no section"} "## ${version}"`, { cure: "write there what is new, then release" });
}
