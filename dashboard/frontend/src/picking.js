/** Which points lie under a finger or inside a drawn line, and sets of rows as bits. */

import { NOWHERE, STEPS } from "./places.js";

/**
 * @typedef {{places: Uint16Array, light: Uint8Array}} Targets places (n, 2) as shares of the frame; light 0 is hidden
 * @typedef {{left: number, top: number, wide: number, high: number}} Screen the pixels of place (0, 0), and those of one step
 */

/**
 * How the steps of ``places`` become pixels.
 *
 * @param {import("./camera.js").Camera} camera
 * @param {import("./camera.js").Frame} frame
 * @returns {Screen}
 */
export function screenOf(camera, frame) {
  return {
    left: camera.across(frame[0]),
    top: camera.down(frame[2]),
    wide: ((frame[1] - frame[0]) / STEPS) * camera.scale,
    high: (-(frame[3] - frame[2]) / STEPS) * camera.scale,
  };
}

/**
 * The row of the shown point nearest to a pixel, or -1 where none is within ``reach``.
 *
 * @param {Targets} targets
 * @param {Screen} screen
 * @param {number} left @param {number} top in pixels
 * @param {number} reach in pixels
 * @returns {{row: number, far: number}}
 */
export function nearest({ places, light }, screen, left, top, reach) {
  let far = reach * reach;
  let row = -1;
  for (let i = 0; i < light.length; i++) {
    if (!light[i] || places[2 * i] === NOWHERE) continue;
    const x = screen.left + places[2 * i] * screen.wide - left;
    const y = screen.top + places[2 * i + 1] * screen.high - top;
    const square = x * x + y * y;
    if (square < far) [far, row] = [square, i];
  }
  return { row, far: Math.sqrt(far) };
}

/**
 * Marks the rows whose shown points lie inside a closed line.
 *
 * @param {Targets} targets
 * @param {Screen} screen
 * @param {[number, number][]} line corners in pixels
 * @param {Uint8Array} inside (n,) 1 is set for what lies inside
 */
export function markInside({ places, light }, screen, line, inside) {
  if (line.length < 3) return;
  const xs = Float64Array.from(line, ([x]) => (x - screen.left) / screen.wide);
  const ys = Float64Array.from(line, ([, y]) => (y - screen.top) / screen.high);
  const [west, east] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  for (let i = 0; i < light.length; i++) {
    const x = places[2 * i];
    const y = places[2 * i + 1];
    if (!light[i] || x === NOWHERE || x < west || x > east || y < low || y > high) continue;
    // Even and odd crossings of a ray to the right.
    let odd = false;
    for (let a = 0, b = xs.length - 1; a < xs.length; b = a++) {
      if (ys[a] > y !== ys[b] > y && x < ((xs[b] - xs[a]) * (y - ys[a])) / (ys[b] - ys[a]) + xs[a]) odd = !odd;
    }
    if (odd) inside[i] = 1;
  }
}

/**
 * A set of rows as text: eight rows a byte, the first in the highest bit (as numpy.packbits), in base 64.
 *
 * @param {Uint8Array} marks (n,) 0 or 1
 * @returns {string}
 */
export function packed(marks) {
  const bytes = new Uint8Array(Math.ceil(marks.length / 8));
  for (let i = 0; i < marks.length; i++) if (marks[i]) bytes[i >> 3] |= 128 >> (i & 7);
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}

/** @param {string} text @param {number} count @returns {Uint8Array} (count,) 0 or 1 */
export function unpacked(text, count) {
  return unpackedBits(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), count);
}

/** @param {Uint8Array} bytes @param {number} count @returns {Uint8Array} (count,) 0 or 1 */
export function unpackedBits(bytes, count) {
  const marks = new Uint8Array(count);
  for (let i = 0; i < count; i++) marks[i] = (bytes[i >> 3] >> (7 - (i & 7))) & 1;
  return marks;
}
