/** The traversal strip: the probability of each emotion, stacked, while one code moves over its range. */

import { drag, element } from "./dom.js";
import { CODE_LIMIT } from "./lab_model.js";

const HEIGHT = 110;
const SIDE = 8;
const FOOT = 30;

/**
 * @param {string[]} colours
 * @param {() => import("./theme.js").Theme} theme
 * @param {(value: number, done: boolean) => void} set a press on the strip moves the code there
 */
export function traversal(colours, theme, set) {
  const canvas = element("canvas", { class: "strip", role: "img" });
  /** @param {import("./lab_model.js").Path | null} path @param {number} now @param {string} name of the code */
  const show = (path, now, name) => {
    const ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const context = canvas.getContext("2d");
    if (!path || !width || !context) return;
    if (canvas.width !== Math.round(width * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = HEIGHT * ratio;
    }
    canvas.setAttribute("aria-label", `Probability of each emotion while ${name} moves from -3 to 3 sigma`);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    const { muted, font, text } = theme();
    const across = (/** @type {number} */ value) => SIDE + ((value + CODE_LIMIT) / (2 * CODE_LIMIT)) * (width - 2 * SIDE);
    const tall = HEIGHT - FOOT;
    const low = new Float64Array(path.at.length);
    colours.forEach((colour, index) => {
      context.beginPath();
      path.at.forEach((value, step) => context.lineTo(across(value), tall * (1 - low[step])));
      for (let step = path.at.length - 1; step >= 0; step--) {
        low[step] += path.posterior[step * colours.length + index];
        context.lineTo(across(path.at[step]), tall * (1 - low[step]));
      }
      context.globalAlpha = 0.85;
      context.fillStyle = colour;
      context.fill();
    });
    context.globalAlpha = 1;
    context.fillStyle = muted;
    context.font = `11px ${font}`;
    for (let tick = -CODE_LIMIT; tick <= CODE_LIMIT; tick++) {
      context.textAlign = tick === -CODE_LIMIT ? "left" : tick === CODE_LIMIT ? "right" : "center";
      context.fillText(tick < 0 ? `−${-tick}` : String(tick), across(tick) + (tick === -CODE_LIMIT ? -4 : tick === CODE_LIMIT ? 4 : 0), tall + 13);
    }
    context.textAlign = "center";
    context.fillText(`${name} (σ)`, width / 2, HEIGHT - 4);
    context.beginPath();
    context.moveTo(across(now), 0);
    context.lineTo(across(now), tall + 3);
    context.lineWidth = 2;
    context.strokeStyle = text;
    context.stroke();
  };
  let last = 0;
  /** @param {PointerEvent} event */
  const value = (event) => {
    const box = canvas.getBoundingClientRect();
    const share = (event.clientX - box.left - SIDE) / (box.width - 2 * SIDE);
    last = Math.round((Math.min(Math.max(share, 0), 1) * 2 - 1) * CODE_LIMIT * 100) / 100;
    return last;
  };
  drag(canvas, {
    start: (event) => set(value(event), false),
    move: (event) => set(value(event), false),
    // A press that the browser took away (to scroll, say) ends where it was last.
    end: (event, cancelled) => set(cancelled ? last : value(event), true),
  });
  return { canvas, show };
}
