/** Two values under one finger: a pad over two codes, and one over the shares of the emotions. */

import { clamp, drag, element } from "./dom.js";
import { corners, placeOf, sharesAt } from "./mixture.js";

const SIZE = 180;
const EDGE = 26;

/**
 * @param {string} label
 * @param {(context: CanvasRenderingContext2D, size: number) => void} background drawn behind the knob
 * @param {() => [number, number]} get in [-1, 1]
 * @param {(place: [number, number]) => void} set
 * @param {import("./dom.js").Listener} listener
 * @param {number} step of an arrow key, in the same unit
 */
function pad(label, background, get, set, listener, step) {
  const canvas = element("canvas", {
    class: "pad",
    tabindex: 0,
    role: "application",
    "aria-label": `${label}: arrow keys move it, Home brings it to the middle`,
  });
  const half = SIZE / 2 - EDGE;
  const show = () => {
    const ratio = devicePixelRatio || 1;
    canvas.width = canvas.height = SIZE * ratio;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.scale(ratio, ratio);
    background(context, SIZE);
    const [x, y] = get();
    context.beginPath();
    context.arc(SIZE / 2 + x * half, SIZE / 2 - y * half, 9, 0, 2 * Math.PI);
    context.fillStyle = knob.fill;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = knob.edge;
    context.stroke();
  };
  const knob = { fill: "#0E7490", edge: "#FFFFFF" };
  /** @param {[number, number]} place */
  const change = (place) => {
    set([clamp(place[0], -1, 1), clamp(place[1], -1, 1)]);
    listener.moved();
  };
  /** @param {PointerEvent} event */
  const follow = (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = SIZE / box.width;
    change([
      ((event.clientX - box.left) * scale - SIZE / 2) / half,
      (SIZE / 2 - (event.clientY - box.top) * scale) / half,
    ]);
  };
  drag(canvas, { start: follow, move: follow, end: () => listener.released() });
  canvas.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const way = /** @type {Record<string, number[]>} */ (ways)[event.key];
    if (!way && event.key !== "Home") return;
    event.preventDefault();
    event.stopPropagation();
    const [x, y] = get();
    const far = event.shiftKey ? 5 * step : step;
    change(way ? [x + far * way[0], y + far * way[1]] : [0, 0]);
  });
  canvas.addEventListener("keyup", (event) => {
    if (event.key.startsWith("Arrow") || event.key === "Home") listener.released();
  });
  return { canvas, show, knob };
}

/**
 * A pad over two codes.
 *
 * @param {{names: () => [string, string], limit: number, theme: () => import("./theme.js").Theme, colours: string[],
 *   grid: () => Float32Array | null}} about ``grid`` gives the posterior in each cell (see ``LabModel.grid``), which is
 *   drawn behind: the colour of the most probable emotion, the stronger the surer
 * @param {() => [number, number]} get in sigma
 * @param {(values: [number, number]) => void} set
 * @param {import("./dom.js").Listener} listener
 */
export function codePad({ names, limit, theme, colours, grid }, get, set, listener) {
  return pad(
    "Two codes",
    (context, size) => {
      const { border, muted, font } = theme();
      const [low, high] = [EDGE, size - EDGE];
      const cells = grid();
      const k = colours.length;
      const across = cells ? Math.sqrt(cells.length / k) : 0;
      for (let cell = 0; cells && cell < across * across; cell++) {
        let best = 0;
        for (let c = 1; c < k; c++) if (cells[cell * k + c] > cells[cell * k + best]) best = c;
        // A cell lies around its value, those at the edge are cut in halves.
        const wide = (high - low) / (across - 1);
        const left = Math.max(low + (cell % across) * wide - wide / 2, low);
        const top = Math.max(high - Math.floor(cell / across) * wide - wide / 2, low);
        context.globalAlpha = 0.5 * cells[cell * k + best];
        context.fillStyle = colours[best];
        context.fillRect(left, top, Math.min(low + (cell % across) * wide + wide / 2, high) - left, Math.min(high - Math.floor(cell / across) * wide + wide / 2, high) - top);
      }
      context.globalAlpha = 1;
      context.strokeStyle = border;
      context.lineWidth = 1;
      context.strokeRect(low, low, high - low, high - low);
      context.beginPath();
      for (let tick = 1; tick < 2 * limit; tick++) {
        const at = low + ((high - low) * tick) / (2 * limit);
        context.globalAlpha = tick === limit ? 1 : 0.4;
        context.beginPath();
        context.moveTo(at, low);
        context.lineTo(at, high);
        context.moveTo(low, at);
        context.lineTo(high, at);
        context.stroke();
      }
      context.globalAlpha = 1;
      context.fillStyle = muted;
      context.font = `11px ${font}`;
      context.textAlign = "center";
      const [x, y] = names();
      context.fillText(`${x} (σ)`, size / 2, size - 8);
      context.fillText(`−${limit}`, low, size - 8);
      context.fillText(`${limit}`, high, size - 8);
      context.save();
      context.translate(14, size / 2);
      context.rotate(-Math.PI / 2);
      context.fillText(`${y} (σ)`, 0, 0);
      context.restore();
    },
    () => /** @type {[number, number]} */ (get().map((value) => value / limit)),
    (place) => set(/** @type {[number, number]} */ (place.map((value) => Math.round(value * limit * 100) / 100))),
    listener,
    0.1 / limit,
  );
}

/**
 * A pad with an emotion at each corner.
 *
 * @param {{names: string[], colours: string[], theme: () => import("./theme.js").Theme}} about
 * @param {() => number[]} get shares, their sum 1
 * @param {(shares: number[]) => void} set
 * @param {import("./dom.js").Listener} listener
 */
export function emotionPad({ names, colours, theme }, get, set, listener) {
  return pad(
    "Shares of the emotions",
    (context, size) => {
      const { border, text, font } = theme();
      const half = size / 2 - EDGE;
      const at = corners(names.length).map(([x, y]) => [size / 2 + x * half, size / 2 - y * half]);
      context.strokeStyle = border;
      context.lineWidth = 1;
      context.beginPath();
      at.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.closePath();
      context.stroke();
      context.font = `11px ${font}`;
      at.forEach(([x, y], i) => {
        context.beginPath();
        context.arc(x, y, 5, 0, 2 * Math.PI);
        context.fillStyle = colours[i];
        context.fill();
        context.fillStyle = text;
        context.textAlign = x < size / 2 - 4 ? "left" : x > size / 2 + 4 ? "right" : "center";
        const side = context.textAlign === "center" ? x : clamp(x, 2, size - 2);
        const left = context.textAlign === "left" ? Math.max(side - 20, 2) : Math.min(side + 20, size - 2);
        context.fillText(names[i], context.textAlign === "center" ? x : left, y + (y < size / 2 ? -10 : 18));
      });
    },
    () => placeOf(get()),
    (place) => set(sharesAt(place, names.length).map((share) => Math.round(share * 1e4) / 1e4)),
    listener,
    0.05,
  );
}
