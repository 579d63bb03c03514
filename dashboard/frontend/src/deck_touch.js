/** A finger that goes sideways over the words of a step. */

import { swiped } from "./deck_keys.js";

/**
 * @param {AbortSignal} signal ends it
 * @param {() => string} inside class of what is swiped over
 * @param {(way: "next" | "back") => void} act
 */
export function onSwipe(signal, inside, act) {
  /** @type {[number, number] | null} */
  let from = null;
  document.addEventListener("touchstart", (event) => {
    const path = /** @type {HTMLElement[]} */ (event.composedPath()).filter((one) => one instanceof HTMLElement);
    // A finger on map, lab, chart or slider is theirs.
    const taken = (/** @type {HTMLElement} */ one) =>
      one.tagName === "CANVAS" || one.tagName === "INPUT" || (one.dataset.testid ?? "").startsWith("stBidiComponent");
    const free = event.touches.length === 1 && !path.some(taken) && path.some((one) => one.classList.contains(inside()));
    from = free ? [event.touches[0].clientX, event.touches[0].clientY] : null;
  }, { signal, passive: true });
  document.addEventListener("touchend", (event) => {
    if (!from) return;
    const { clientX, clientY } = event.changedTouches[0];
    const way = swiped(clientX - from[0], clientY - from[1]);
    from = null;
    if (way) act(way);
  }, { signal, passive: true });
}
