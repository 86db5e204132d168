// Who comes first in a turn changes from turn to turn, so that nobody always follows the same one.

/** The list, begun at another place for each turn. */
export function rotated(list, turn) {
  const first = turn % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}
