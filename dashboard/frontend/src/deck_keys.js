/** What a key asks of a presentation, and whose it is: a field, a button or a component that has the focus keeps its own. */

/** @typedef {"next" | "back" | "first" | "last" | "screen" | "notes" | "leave"} Way */

/** @type {Record<string, Way>} */
const WAYS = {
  ArrowRight: "next", ArrowDown: "next", PageDown: "next", " ": "next",
  ArrowLeft: "back", ArrowUp: "back", PageUp: "back",
  Home: "first", End: "last",
  f: "screen", F: "screen",
  n: "notes", N: "notes",
  Escape: "leave",
};
/** Fields in which a person types: every key is theirs. */
const TYPED = new Set(["text", "search", "number", "email", "url", "tel", "password", "date", "time", "month", "week", "datetime-local"]);
/** What is moved by arrow keys, or opened by keys, wherever it stands. */
const MOVED = new Set(["slider", "spinbutton", "listbox", "combobox", "option", "radio", "radiogroup", "tab", "menu", "menuitem", "grid", "gridcell", "textbox", "searchbox", "application"]);

/**
 * The step that a key asks for, or null where it asks for none or belongs to what has the focus.
 *
 * @param {{key: string, repeat?: boolean, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean, shiftKey?: boolean, defaultPrevented?: boolean}} event
 * @param {Owner[]} path from the innermost element outwards, ``event.composedPath()``
 * @param {boolean} [presenting] in full screen, where F5 leaves it; elsewhere F5 is the browser's
 * @returns {Way | null}
 */
export function wayOf(event, path, presenting = false) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return null;
  const way = presenting && event.key === "F5" ? "screen" : WAYS[event.key];
  if (!way) return null;
  // A switch that is held down would flicker.
  if (event.repeat && (way === "screen" || way === "notes")) return null;
  if (path.some(isTyped)) return null;
  if (way === "leave") return way;
  // A clicker sends PageUp and PageDown, and has to be heard after a finger has let a slider go.
  if (event.key === "PageDown" || event.key === "PageUp") return way;
  if (path.some(isMoved)) return null;
  if (event.key === " ") return path.some(isPressed) ? null : event.shiftKey ? "back" : "next";
  return way;
}

/**
 * @typedef {{tagName?: string, type?: string, isContentEditable?: boolean, getAttribute?: (name: string) => string | null,
 *   dataset?: Record<string, string | undefined>}} Owner
 */

/** @param {Owner} one */
function isTyped(one) {
  const tag = one.tagName;
  if (tag === "INPUT") return TYPED.has(one.type ?? "text");
  return tag === "TEXTAREA" || one.isContentEditable === true;
}

/** @param {Owner} one */
function isMoved(one) {
  const tag = one.tagName;
  if (tag === "INPUT") return one.type !== "checkbox" && one.type !== "button";
  if (tag === "SELECT" || tag === "AUDIO" || tag === "VIDEO") return true;
  if (MOVED.has(one.getAttribute?.("role") ?? "")) return true;
  // Components of the page that are no part of the presentation itself: map, lab, tables.
  const kind = one.dataset?.testid ?? "";
  return (kind.startsWith("stBidiComponent") && one.getAttribute?.("data-deck") === null) || kind === "stDataFrame";
}

/** @param {Owner} one */
function isPressed(one) {
  const tag = one.tagName;
  return tag === "BUTTON" || tag === "A" || tag === "SUMMARY" || tag === "INPUT" || ["button", "switch", "checkbox"].includes(one.getAttribute?.("role") ?? "");
}

/**
 * The step after a key, inside the ends.
 *
 * @param {Way} way @param {number} now @param {number} count
 */
export function stepAfter(way, now, count) {
  const wanted = { next: now + 1, back: now - 1, first: 0, last: count - 1 }[/** @type {"next"} */ (way)] ?? now;
  return Math.min(Math.max(wanted, 0), count - 1);
}

/**
 * Which way a finger went: far enough, and sideways rather than up or down.
 *
 * @param {number} dx @param {number} dy
 * @returns {"next" | "back" | null}
 */
export function swiped(dx, dy) {
  if (Math.abs(dx) < 60 || Math.abs(dx) < 2 * Math.abs(dy)) return null;
  return dx < 0 ? "next" : "back";
}

/** @param {number} seconds @returns {string} as a clock shows it: 0:07, 12:30, 1:02:03 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
