/** Places as two bytes a coordinate, as dashboard/components/__init__.py writes them. */

/**
 * @typedef {{places: Uint16Array, paint: Uint8Array, light: Uint8Array, shape: number,
 *   drawn?: Uint8Array}} Cloud
 *   places (n, 2) as shares of the frame times STEPS, NOWHERE where there is none; paint (n,) indices into the palette;
 *   light (n,) 0 hidden, 1 muted, 2 bright; shape 0 circle, 1 diamond; drawn (n,) like light, without points that others
 *   cover (see thinning.js)
 */

export const NOWHERE = 65535;
export const STEPS = 65534;

/**
 * Where a point is, in map units.
 *
 * @param {Cloud} cloud
 * @param {number} row
 * @param {import("./camera.js").Frame} frame
 * @returns {[number, number]}
 */
export function placeOf({ places }, row, [a, b, c, d]) {
  return [a + (places[2 * row] / STEPS) * (b - a), c + (places[2 * row + 1] / STEPS) * (d - c)];
}
