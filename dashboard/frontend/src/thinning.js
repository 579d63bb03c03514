/** Of very many points those are drawn that can be told apart: one for each colour on each spot of the screen. */

import { NOWHERE } from "./places.js";

/** Points up to which each of them is drawn. */
export const MANY = 300000;
/** The size of a spot in pixels. */
const SPOT = 2;

/**
 * What of ``light`` is drawn: 0 where a point of the same colour and brightness was drawn on the same spot before.
 * Points outside of the picture stay as they are: they are there when the map is moved.
 *
 * @param {import("./places.js").Cloud} cloud
 * @param {import("./picking.js").Screen} screen
 * @param {number} width @param {number} height of the picture in pixels
 * @param {number} colours how many
 * @returns {{drawn: Uint8Array, left: number}} and how many are left out
 */
export function thinned({ places, paint, light }, screen, width, height, colours) {
  const across = Math.ceil(width / SPOT) + 1;
  const down = Math.ceil(height / SPOT) + 1;
  const taken = new Uint8Array(across * down * colours * 2);
  const drawn = light.slice();
  let left = 0;
  for (let i = 0; i < light.length; i++) {
    if (!light[i] || places[2 * i] === NOWHERE) continue;
    const x = screen.left + places[2 * i] * screen.wide;
    const y = screen.top + places[2 * i + 1] * screen.high;
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    const spot = Math.floor(y / SPOT) * across + Math.floor(x / SPOT);
    const key = (spot * colours + paint[i]) * 2 + light[i] - 1;
    if (taken[key]) {
      drawn[i] = 0;
      left += 1;
    } else taken[key] = 1;
  }
  return { drawn, left };
}
