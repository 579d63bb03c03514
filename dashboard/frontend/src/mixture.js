/** Shares of emotions as a place in a polygon with an emotion at each corner, and back. */

/**
 * Corners of a regular polygon with one at the top, for one the middle, for two left and right; in [-1, 1].
 *
 * @param {number} count
 * @returns {[number, number][]}
 */
export function corners(count) {
  if (count === 1) return [[0, 0]];
  if (count === 2) return [[-1, 0], [1, 0]];
  return Array.from({ length: count }, (_, i) => {
    const angle = Math.PI / 2 - (2 * Math.PI * i) / count;
    return [Math.cos(angle), Math.sin(angle)];
  });
}

/**
 * The shares at a place: Wachspress coordinates (Wachspress 1975), smooth, never negative inside, 1 at a corner. They
 * reproduce the place: ``placeOf(sharesAt(p)) = p``.
 *
 * @param {[number, number]} place is drawn into the polygon where it lies outside
 * @param {number} count of corners
 * @returns {number[]} their sum is 1
 */
export function sharesAt(place, count) {
  if (count === 1) return [1];
  if (count === 2) {
    const right = (Math.min(Math.max(place[0], -1), 1) + 1) / 2;
    return [1 - right, right];
  }
  const at = corners(count);
  const inside = within(place, at);
  const areas = at.map((corner, i) => Math.max(area(inside, corner, at[(i + 1) % count]), 0));
  // The product of all areas but the two beside a corner: the same coordinates as with quotients, and whole at edges.
  const weights = at.map((_, i) => {
    const before = (i + count - 1) % count;
    return areas.reduce((product, value, k) => (k === i || k === before ? product : product * value), 1);
  });
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

/**
 * @param {number[]} shares
 * @returns {[number, number]}
 */
export function placeOf(shares) {
  const at = corners(shares.length);
  const total = shares.reduce((a, b) => a + b, 0) || 1;
  return [
    shares.reduce((sum, share, i) => sum + share * at[i][0], 0) / total,
    shares.reduce((sum, share, i) => sum + share * at[i][1], 0) / total,
  ];
}

/** @param {[number, number]} place @param {[number, number][]} at @returns {[number, number]} */
function within(place, at) {
  let [x, y] = place;
  // The polygon is convex and holds the middle: shrink towards it until no edge has the place outside.
  let shrink = 1;
  at.forEach((corner, i) => {
    const next = at[(i + 1) % at.length];
    const edge = area([0, 0], corner, next);
    const here = area([x, y], corner, next);
    if (here < 0) shrink = Math.min(shrink, edge / (edge - here));
  });
  return [x * shrink, y * shrink];
}

/** Twice the area of a triangle whose corners go round clockwise. */
/** @param {[number, number]} a @param {[number, number]} b @param {[number, number]} c */
function area(a, b, c) {
  return (c[0] - a[0]) * (b[1] - a[1]) - (b[0] - a[0]) * (c[1] - a[1]);
}
