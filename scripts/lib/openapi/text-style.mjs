// How a text is written: what is put into it should look as if its author had written it.

/** `{ json, newline, unit, indentLists, singleQuote }`; `unit` is the number of spaces of one level, or 0 for all on one line, or a tab. */
export function styleOf(source, json) {
  return {
    json,
    newline: /\r\n/.test(source.slice(0, 10_000)) ? "\r\n" : "\n",
    unit: json ? jsonUnit(source) : yamlUnit(source),
    indentLists: count(source, /^( *)[^\s#-][^\n]*:[ ]*\r?\n\1 +- /gm) >= count(source, /^( *)[^\s#-][^\n]*:[ ]*\r?\n\1- /gm),
    singleQuote: count(source, /^\s*'[^'\n]*':/gm) >= count(source, /^\s*"[^"\n]*":/gm),
  };
}

function jsonUnit(source) {
  const [, blank] = /^\s*\{[ \t]*\r?\n([ \t]+)"/.exec(source) ?? [];
  if (blank === undefined) return 0;
  return blank.includes("\t") ? "\t" : blank.length;
}

function yamlUnit(source) {
  const [, , blank] = /^( *)[^\s#-][^\n]*:[ ]*(?:#[^\n]*)?\r?\n(?:\s*#[^\n]*\n)*\1( +)[^\s#-]/m.exec(source) ?? [];
  return blank?.length ?? 2;
}

function count(text, pattern) {
  return text.match(pattern)?.length ?? 0;
}
