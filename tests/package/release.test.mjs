// What a release is called, and what its notes say.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { changelogSection, releaseVersion } from "../../scripts/lib/release.mjs";
import { root } from "./machine.mjs";

const CHANGELOG = "# Changelog\n\nHow it is kept.\n\n## Unreleased\n\n- soon\n\n## [0.3.0] - 2027-01-02\n\n### Added\n\n- three\n\n## 0.2.0 - 2026-12-01\n\n- two\n\n## 0.1.0\n";

const notes = (args, env = {}) => spawnSync(process.execPath, ["scripts/release-notes.mjs", ...args], { cwd: root, encoding: "utf8", env: { PATH: process.env.PATH, ...env } });

test("a version's section, and no more", () => {
  for (const [version, section] of [["0.3.0", "### Added\n\n- three"], ["0.2.0", "- two"], ["Unreleased", "- soon"]]) {
    assert.equal(changelogSection(CHANGELOG, version), section);
  }
  assert.throws(() => changelogSection(CHANGELOG, "0.1.0"), { message: 'CHANGELOG.md has nothing under "## 0.1.0"' });
  assert.throws(() => changelogSection(CHANGELOG, "0.2"), { message: 'CHANGELOG.md has no section "## 0.2"' });
});

test("the notes of this version's tag, with the button where there is a repository for it", () => {
  const tag = `v${releaseVersion()}`;
  const { status, stdout, stderr } = notes([tag]);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^### \w+\n/);
  assert.doesNotMatch(stdout, /^## |deploy\.workers/m);
  const repository = { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "somebody/onlyonce" };
  assert.equal(notes([tag], repository).stdout, stdout, "a button whose package nobody can install deploys nothing");
  assert.match(notes([tag], { ...repository, NPM_PUBLISH: "true" }).stdout, new RegExp(`\\(https://deploy\\.workers\\.cloudflare\\.com/\\?url=https://github\\.com/somebody/onlyonce/tree/${tag}/template\\)\\n$`));
});

test("a tag that is another version is refused", () => {
  const { status, stdout, stderr } = notes(["v9.9.9"]);
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /package\.json says version \S+, and the tag v9\.9\.9 says 9\.9\.9\ncure: write the same version everywhere/);
  assert.match(notes([]).stderr, /no tag is named/);
});
