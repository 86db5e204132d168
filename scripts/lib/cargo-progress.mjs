// How far a cargo build is, told from cargo's own bar `Building [====>  ] 87/150: syn, serde`,
// which it only shows off a terminal when asked to.

export const barEnv = { CARGO_TERM_PROGRESS_WHEN: "always", CARGO_TERM_PROGRESS_WIDTH: "100" };

/** Turns cargo's lines into calls of `progress`; the bar itself is no news (`false`, see run.mjs). */
export function cargoLines(progress) {
  let count = "";
  return (line) => {
    const bar = line.match(/\] (\d+)\/(\d+)/);
    if (bar) count = `${bar[1]} of ${bar[2]} crates built; `;
    else progress(count + line.trim());
    return !bar;
  };
}
