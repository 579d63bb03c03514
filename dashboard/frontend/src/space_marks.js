/** What stands above the points of the aligned space: pairs, generated features, rings, names, density, the drawn line. */

import { contourDensity } from "d3-contour";
import { diamond, disc, label, ring, star } from "./marks.js";
import { NOWHERE, placeOf } from "./places.js";

/**
 * @typedef {{data: import("./space.js").SpaceData, view: import("./map_view.js").MapView,
 *   clouds: import("./places.js").Cloud[], codes: Uint8Array, selected: Uint8Array, picked: number | null,
 *   under: {row: number, text: boolean} | null, line: [number, number][], contours: boolean, labels: boolean,
 *   theme: import("./theme.js").Theme, middles?: (number[] | null)[]}} Scene
 */

/** Pairs joined by lines; more would hide the points. */
const MOST_PAIRS = 300;
/** Categories of which the names fit on the map. */
const MOST_NAMES = 12;
/** Of very many points a part tells where the middle is. */
const ENOUGH = 20000;

/** @param {CanvasRenderingContext2D} context @param {Scene} scene */
export function drawSpace(context, scene) {
  const { data, view, clouds, theme } = scene;
  const { camera } = view;
  if (scene.contours) drawContours(context, scene);
  if (data.show.pairs && data.show.audio && data.show.text) drawPairs(context, scene);
  for (const { x, y, colour } of data.generated) {
    const shade = data.colours.colours[colour] ?? theme.muted;
    star(context, camera.across(x), camera.down(y), 7.5, shade, theme.background);
  }
  for (const cloud of clouds) {
    const mark = (/** @type {number} */ row, /** @type {number} */ radius, /** @type {string} */ colour) => {
      const at = pixel(scene, cloud, row);
      if (at) ring(context, ...at, radius, colour, radius > 8 ? 2.6 : 1.6);
    };
    // The neighbours that Python found are those of the point that it knows as picked.
    if (cloud.shape === 0 && scene.picked === data.picked) for (const row of data.near) mark(row, 7, theme.muted);
    if (scene.picked !== null) mark(scene.picked, 10, theme.accent);
    if (scene.under?.text === (cloud.shape === 1)) mark(scene.under.row, 7, theme.text);
  }
  if (scene.labels && !data.colours.scale && data.colours.names.length <= MOST_NAMES) {
    scene.middles ??= middles(scene);
    scene.middles.forEach((middle, index) => {
      if (middle) label(context, data.colours.names[index], camera.across(middle[0]), camera.down(middle[1]), theme);
    });
  }
  for (const { x, y, text, name } of data.own) {
    const [left, top] = [camera.across(x), camera.down(y)];
    (text ? diamond : disc)(context, left, top, 8, theme.accent, theme.background);
    label(context, name, left + 13, top + 4, theme, "left");
  }
  if (scene.line.length > 1) drawLine(context, scene);
}

/** @param {Scene} scene @param {import("./places.js").Cloud} cloud @param {number} row @returns {[number, number] | null} */
function pixel({ data, view }, cloud, row) {
  if (!cloud.light[row] || cloud.places[2 * row] === NOWHERE) return null;
  const [x, y] = placeOf(cloud, row, data.frame);
  return [view.camera.across(x), view.camera.down(y)];
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene */
function drawPairs(context, scene) {
  const [audio, text] = scene.clouds;
  if (!text) return;
  const rows = [];
  for (let i = 0; i < scene.selected.length && rows.length < MOST_PAIRS; i++) if (scene.selected[i]) rows.push(i);
  if (scene.picked !== null) rows.push(scene.picked);
  if (scene.under) rows.push(scene.under.row);
  context.beginPath();
  for (const row of rows) {
    const [from, to] = [pixel(scene, audio, row), pixel(scene, text, row)];
    if (!from || !to) continue;
    context.moveTo(...from);
    context.lineTo(...to);
  }
  // Many lines would hide the points: the more, the fainter.
  context.globalAlpha = Math.max(Math.min(8 / Math.max(rows.length, 1), 0.6), 0.08);
  context.lineWidth = 1.2;
  context.strokeStyle = scene.theme.text;
  context.stroke();
  context.globalAlpha = 1;
}

/**
 * The middle of each category: the median of the points that are shown, audio before text.
 *
 * @param {Scene} scene
 * @returns {(number[] | null)[]} map units
 */
function middles({ data, clouds, codes }) {
  const cloud = clouds.find(({ light }) => light.some((value) => value > 0));
  /** @type {{x: number[], y: number[]}[]} */
  const held = data.colours.names.map(() => ({ x: [], y: [] }));
  const step = Math.max(1, Math.floor(data.rows / ENOUGH));
  for (let i = 0; cloud && i < data.rows; i += step) {
    if (!cloud.light[i] || cloud.places[2 * i] === NOWHERE) continue;
    const [x, y] = placeOf(cloud, i, data.frame);
    held[codes[i]]?.x.push(x);
    held[codes[i]]?.y.push(y);
  }
  const median = (/** @type {number[]} */ values) => values.sort((a, b) => a - b)[values.length >> 1];
  return held.map(({ x, y }) => (x.length ? [median(x), median(y)] : null));
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene */
function drawContours(context, scene) {
  const { camera } = scene.view;
  /** @type {[number, number][]} */
  const pixels = [];
  for (const cloud of scene.clouds) {
    for (let i = 0; i < cloud.light.length; i++) {
      const at = cloud.light[i] === 2 ? pixel(scene, cloud, i) : null;
      if (at) pixels.push(at);
    }
  }
  const found = contourDensity()
    .x((point) => point[0])
    .y((point) => point[1])
    .size([camera.width, camera.height])
    .bandwidth(14)
    .thresholds(7)(pixels);
  context.lineWidth = 1;
  context.strokeStyle = scene.theme.text;
  found.forEach(({ coordinates }, level) => {
    context.globalAlpha = 0.15 + (0.45 * level) / found.length;
    context.beginPath();
    for (const line of coordinates.flat()) {
      line.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    }
    context.stroke();
  });
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene */
function drawLine(context, { line, theme }) {
  context.beginPath();
  for (const [x, y] of line) context.lineTo(x, y);
  context.closePath();
  context.globalAlpha = 0.08;
  context.fillStyle = theme.accent;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 1.4;
  context.strokeStyle = theme.accent;
  context.stroke();
}
