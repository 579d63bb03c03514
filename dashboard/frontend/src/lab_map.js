/** The lab's map: real speech muted below, what is generated above it. */

import { element } from "./dom.js";
import { MapView } from "./map_view.js";
import { label, ring, star } from "./marks.js";
import { Unreadable } from "./tensors.js";

const HIT = 16;
/** Pixels between the ends of a path at which they are named. */
const APART = 44;
/** The part of the map that a close-up shows at least. */
const LEAST = 0.3;

/**
 * @typedef {{places: Float32Array, posterior: Float32Array, before: Float32Array | null,
 *   path: import("./lab_model.js").Path | null, sample: number, pathName: string,
 *   kept: {name: string, x: number, y: number}[]}} Scene
 */

export class LabMap {
  /**
   * @param {import("./tensors.js").Packed} pack ``places``, ``paint`` of the real points
   * @param {{frame: import("./camera.js").Frame, colours: string[], count: number}} facts one colour for each class and one
   *   for what has none
   * @param {() => import("./theme.js").Theme} theme
   * @param {(sample: number) => void} pick
   */
  constructor(pack, facts, theme, pick) {
    this.facts = facts;
    this.theme = theme;
    /** @type {Scene | null} */
    this.scene = null;
    this.view = new MapView(facts.frame, "Map: generated samples over real utterances. Arrow keys move it, + and - zoom", {
      overlay: (context, view) => this.#draw(context, view),
      click: (left, top) => {
        const found = this.#starAt(left, top);
        if (found !== null) pick(found);
      },
      hover: (left, top) => {
        this.view.whole.style.cursor = this.#starAt(left, top) === null ? "" : "pointer";
      },
    });
    const paint = pack.tensors.get("paint")?.values;
    const places = pack.tensors.get("places")?.values;
    if (!(paint instanceof Uint8Array) || !(places instanceof Uint16Array)) throw new Unreadable("the map's points are missing");
    if (places.length !== 2 * paint.length) throw new Unreadable("the map's points and their colours are not as many");
    this.view.setClouds([{ places, paint, light: new Uint8Array(paint.length).fill(2), shape: 0 }]);
    this.view.points.setPalette(facts.colours);
    this.count = paint.length;
    this.shade();
    this.tools = element(
      "div",
      { class: "tools", role: "toolbar", "aria-label": "View of the map" },
      tool("Close up", "What is generated, as large as it goes", () => this.closeUp()),
      tool("Whole map", "All real utterances (key 0)", () => this.view.fit(facts.frame)),
      tool("+", "Nearer (key +)", () => this.zoom(1.4)),
      tool("−", "Farther (key -)", () => this.zoom(1 / 1.4)),
      tool("PNG", "The map as a picture", () => this.view.picture("latent-lab.png", this.theme().background)),
    );
    this.view.whole.append(this.tools);
  }

  /** Real points stay behind what is generated, and are seen on a dark page too. */
  shade() {
    const { background } = this.theme();
    const dark = /^#[0-4]/.test(background);
    this.view.look.opacity = (this.count > 20000 ? 0.18 : 0.3) * (dark ? 1.6 : 1);
  }

  /** @param {Scene} scene */
  show(scene) {
    this.scene = scene;
    this.view.drawAbove();
  }

  /** @param {number} factor */
  zoom(factor) {
    this.view.camera.zoom(factor);
    this.view.redraw();
  }

  /** Shows what is generated and the path, and a little around it. */
  closeUp() {
    if (!this.scene) return;
    const { places, path } = this.scene;
    const all = [...places, ...(path?.places ?? [])];
    const xs = all.filter((_, i) => i % 2 === 0);
    const ys = all.filter((_, i) => i % 2 === 1);
    const [a, b, c, d] = this.facts.frame;
    const middle = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
    const wide = Math.max(1.25 * (Math.max(...xs) - Math.min(...xs)), LEAST * (b - a));
    const high = Math.max(1.25 * (Math.max(...ys) - Math.min(...ys)), LEAST * (d - c));
    this.view.fit([middle[0] - wide / 2, middle[0] + wide / 2, middle[1] - high / 2, middle[1] + high / 2]);
  }

  remove() {
    this.view.remove();
  }

  /** @param {number} left @param {number} top @returns {number | null} */
  #starAt(left, top) {
    if (!this.scene) return null;
    const { camera } = this.view;
    const { places } = this.scene;
    let best = HIT;
    let found = null;
    for (let i = 0; i < places.length / 2; i++) {
      const far = Math.hypot(camera.across(places[2 * i]) - left, camera.down(places[2 * i + 1]) - top);
      if (far < best) [best, found] = [far, i];
    }
    return found;
  }

  /** @param {CanvasRenderingContext2D} context @param {MapView} view */
  #draw(context, view) {
    if (!this.scene) return;
    const { places, posterior, before, path, sample, kept, pathName } = this.scene;
    const { camera } = view;
    const theme = this.theme();
    const { colours } = this.facts;
    const k = colours.length - 1;
    const count = places.length / 2;
    const x = (/** @type {number} */ i) => camera.across(places[2 * i]);
    const y = (/** @type {number} */ i) => camera.down(places[2 * i + 1]);
    if (before && before.length === places.length) {
      context.beginPath();
      for (let i = 0; i < count; i++) {
        context.moveTo(camera.across(before[2 * i]), camera.down(before[2 * i + 1]));
        context.lineTo(x(i), y(i));
      }
      context.globalAlpha = 0.6;
      context.lineWidth = 1;
      context.strokeStyle = theme.muted;
      context.stroke();
      context.globalAlpha = 1;
    }
    if (path) {
      context.beginPath();
      path.at.forEach((_, i) => context.lineTo(camera.across(path.places[2 * i]), camera.down(path.places[2 * i + 1])));
      context.lineWidth = 1.6;
      context.strokeStyle = theme.accent;
      context.stroke();
      context.fillStyle = theme.accent;
      path.at.forEach((_, i) => {
        context.beginPath();
        context.arc(camera.across(path.places[2 * i]), camera.down(path.places[2 * i + 1]), 2, 0, 2 * Math.PI);
        context.fill();
      });
    }
    for (const { name, x: across, y: down } of kept) {
      const [left, top] = [camera.across(across), camera.down(down)];
      context.lineWidth = 2;
      context.strokeStyle = theme.text;
      context.strokeRect(left - 5, top - 5, 10, 10);
      label(context, name, left + 10, top + 4, theme, "left");
    }
    for (let i = 0; i < count; i++) {
      let best = 0;
      for (let c = 1; c < k; c++) if (posterior[i * k + c] > posterior[i * k + best]) best = c;
      star(context, x(i), y(i), 9.5, colours[best], theme.background);
    }
    ring(context, x(sample), y(sample), 14, theme.accent, 2.4);
    if (!path) return;
    const ends = [0, path.at.length - 1].map((i) => [camera.across(path.places[2 * i]), camera.down(path.places[2 * i + 1])]);
    // Of a code that hardly moves anything on the map, both ends would be written into one another.
    if (Math.hypot(ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]) < APART) return;
    ends.forEach(([left, top], i) => label(context, `${pathName} ${i ? "+" : "−"}3`, left, top + 18, theme));
  }
}

/** @param {string} text @param {string} help @param {() => void} act */
function tool(text, help, act) {
  const button = element("button", { type: "button", class: "quiet", title: help, text });
  button.addEventListener("pointerdown", (event) => event.stopPropagation());
  button.addEventListener("click", act);
  return button;
}
