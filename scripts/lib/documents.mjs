// The documents that the demo's page links to, as pages beside it: README.md, and whatever it and they
// link to in this repository.
// 1. Markdown becomes HTML; any other file is shown as it is. Both are at their own path, with .html.
// 2. A link to what is not there stays as it is; a test follows them all.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { browserOutput, root } from "./paths.mjs";

const FIRST = "README.md";
const LINK = /\]\(([^)\s#]+)(#[^)\s]*)?\)/g;
const EXTERNAL = /^[a-z]+:/i;

/** The files that are shown, README.md first, and what shows them. */
export function documentInputs() {
  return [...linked().map((path) => join(root, path)), join(root, "scripts", "lib", "documents.mjs")];
}

export async function makeDocuments() {
  // Only the build has the packages.
  const { Marked } = await import("marked");
  const folder = join(browserOutput, "docs");
  rmSync(folder, { recursive: true, force: true });
  const paths = linked();
  for (const path of paths) write(folder, path, pageOf(path, paths, Marked));
  return `${paths.length} of them`;
}

// Folders are linked to for people who browse the sources; here they have nothing to show.
function linked() {
  const found = [FIRST, "LICENSE-MIT", "LICENSE-APACHE"];
  for (const path of found) {
    if (!path.endsWith(".md")) continue;
    for (const [, target] of textOf(path).matchAll(LINK)) {
      const to = resolved(path, target);
      if (to && !found.includes(to)) found.push(to);
    }
  }
  return found;
}

function resolved(from, target) {
  if (EXTERNAL.test(target) || target.startsWith("/")) return undefined;
  const path = posix.normalize(posix.join(posix.dirname(from), target));
  return statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ? path : undefined;
}

function textOf(path) {
  return readFileSync(join(root, path), "utf8");
}

function pageOf(path, paths, Marked) {
  const text = textOf(path);
  if (!path.endsWith(".md")) return page(path, path, `<h1>${escaped(path)}</h1><pre tabindex="0">${escaped(text)}</pre>`);
  const marked = new Marked({ gfm: true });
  marked.use({ renderer: renderer(path, paths) });
  return page(path, text.match(/^# (.+)$/m)?.[1] ?? path, marked.parse(text));
}

function renderer(path, paths) {
  let tables = 0;
  return {
    heading({ tokens, depth, text }) {
      return `<h${depth} id="${anchorOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    link({ href, tokens }) {
      const [target, anchor = ""] = href.split("#");
      const to = target && resolved(path, target);
      const address = paths.includes(to) ? `${pageFile(posix.relative(posix.dirname(path), to))}${anchor && `#${anchor}`}` : href;
      return `<a href="${escaped(address)}">${this.parser.parseInline(tokens)}</a>`;
    },
    code({ text }) {
      return `<pre tabindex="0"><code>${escaped(text)}</code></pre>\n`;
    },
    table(token) {
      tables += 1;
      // A header cell that says nothing heads nothing.
      const cells = (row, tag) => row.map(({ tokens, text }) => [text.trim() ? tag : "td", this.parser.parseInline(tokens)]).map(([tag, html]) => `<${tag}>${html}</${tag}>`).join("");
      const rows = token.rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n");
      return `<div class="scroll" tabindex="0" role="region" aria-label="Table ${tables}"><table><thead><tr>${cells(token.header, "th")}</tr></thead><tbody>${rows}</tbody></table></div>\n`;
    },
  };
}

/** As GitHub makes them, since the documents link to each other by these. */
function anchorOf(heading) {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-");
}

function page(path, title, body) {
  const home = "../".repeat(path.split("/").length + 1).slice(0, -1);
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${escaped(title)}</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="${home}/style.css">
  <link rel="stylesheet" href="${home}/document.css">
</head>
<body class="document">
  <header class="bar"><p class="brand"><a href="${home}/">Onlyonce</a></p><nav aria-label="Documents">${navigation(path)}</nav></header>
  <main>
${body}
  </main>
</body>
</html>
`;
}

function navigation(path) {
  const to = (target) => pageFile(posix.relative(posix.dirname(path), target));
  return [["README", "README.md"], ["Configuration", "docs/CONFIGURATION.md"], ["Deployment", "docs/DEPLOYMENT.md"], ["Operations", "docs/OPERATIONS.md"], ["Browser client", "www/client/README.md"]]
    .map(([name, target]) => `<a href="${to(target)}">${name}</a>`).join("");
}

function write(folder, path, html) {
  const file = join(folder, pageFile(path));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, html);
}

/** What a document's page is called. */
function pageFile(path) {
  return `${path.replace(/\.md$/, "")}.html`;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
