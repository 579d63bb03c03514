/** When the tour begins by itself, and what the browser remembers of that. */

const KEY = "mirage.tour";

/**
 * @param {{localStorage?: Storage}} where ``globalThis``
 * @returns {boolean} whether it began here before; also where nothing can be remembered: it would come every time
 */
export function wasSeen(where) {
  try {
    return !where.localStorage || where.localStorage.getItem(KEY) !== null;
  } catch {
    return true;
  }
}

/** @param {{localStorage?: Storage}} where */
export function remember(where) {
  try {
    where.localStorage?.setItem(KEY, "seen");
  } catch {
    // A browser that keeps nothing is never met by it unasked.
  }
}

/**
 * @param {{asked: number, auto: boolean}} data ``asked``: how often a person asked for it, ``auto``: it may come by itself
 * @param {{begun: number, active: boolean, seen: boolean}} state
 * @returns {"asked" | "first" | "no"}
 */
export function begins(data, state) {
  if (data.asked > state.begun) return "asked";
  return data.auto && !state.seen && !state.active ? "first" : "no";
}

/**
 * Whether what a stop stands beside cannot be seen: not laid out, or in a sidebar that is closed.
 *
 * @param {{width: number, height: number, left: number, right: number}} box @param {number} width of the window
 */
export function centred(box, width) {
  // Beside an entry that fills a narrow screen there is no room for words either.
  return box.width === 0 || box.height === 0 || box.right <= 0 || box.left >= width;
}
