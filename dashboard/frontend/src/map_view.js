/** The map on the page: points below, what moves above them, and a person's hands on both. */

import { Camera } from "./camera.js";
import { clamp, element } from "./dom.js";
import { Frames } from "./frames.js";
import { pointDrawer, pointSize } from "./points.js";

/**
 * @typedef {"pan" | "lasso" | "box"} Tool
 * @typedef {{overlay: (context: CanvasRenderingContext2D, view: MapView) => void, hover?: (left: number, top: number) => void,
 *   leave?: () => void, click?: (left: number, top: number, event: PointerEvent) => void,
 *   area?: (corners: [number, number][], event: PointerEvent, done: boolean) => void, escape?: () => void,
 *   moved?: () => void, resized?: () => void}} Hands what the map's owner does; places in CSS pixels
 */

const CLICK = 4;

export class MapView {
  /**
   * @param {import("./camera.js").Frame} frame of the places
   * @param {string} label for those who do not see it
   * @param {Hands} hands
   */
  constructor(frame, label, hands) {
    this.hands = hands;
    this.base = element("canvas", { class: "base" });
    this.above = element("canvas", { class: "above" });
    this.whole = element(
      "div",
      { class: "map", tabindex: 0, role: "application", "aria-label": label },
      this.base,
      this.above,
    );
    this.camera = new Camera(frame);
    this.points = pointDrawer(this.base, frame);
    this.points.onRestored = () => this.drawBase();
    this.look = { size: 7, opacity: 0.85, muted: 0.13 };
    /** @type {Tool} */
    this.tool = "pan";
    this.ratio = 1;
    this.frames = new Frames(() => {
      this.drawBase();
      this.drawAbove();
    }, "mirage:map");
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(this.whole);
    this.#listen();
  }

  /** @param {import("./places.js").Cloud[]} clouds */
  setClouds(clouds) {
    this.points.setClouds(clouds);
    this.look.size = pointSize(clouds.reduce((sum, cloud) => sum + cloud.paint.length, 0));
  }

  /** Redraws all with the next frame of the screen. */
  redraw() {
    this.frames.ask();
  }

  drawBase() {
    this.points.draw(this.camera, this.look, this.ratio);
  }

  drawAbove() {
    const context = this.above.getContext("2d");
    if (!context) return;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.camera.width, this.camera.height);
    this.hands.overlay(context, this);
  }

  /** @param {import("./camera.js").Frame} frame */
  fit(frame) {
    this.camera.fit(frame);
    this.#moved();
  }

  /**
   * Gives the map to the person as a PNG file.
   *
   * @param {string} name of the file
   * @param {string} background
   */
  picture(name, background) {
    const picture = element("canvas", {});
    picture.width = this.base.width;
    picture.height = this.base.height;
    const context = picture.getContext("2d");
    if (!context) return;
    context.fillStyle = background;
    context.fillRect(0, 0, picture.width, picture.height);
    // What WebGL drew is there only until the browser has shown it: drawn once more, now.
    this.drawBase();
    context.drawImage(this.base, 0, 0);
    context.drawImage(this.above, 0, 0);
    picture.toBlob((blob) => {
      if (!blob) return;
      const link = element("a", { href: URL.createObjectURL(blob), download: name });
      this.whole.append(link);
      link.click();
      link.remove();
      URL.revokeObjectURL(link.href);
    });
  }

  remove() {
    this.observer.disconnect();
    this.frames.stop();
    this.points.remove();
  }

  #moved() {
    this.hands.moved?.();
    this.redraw();
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.whole;
    if (!width || !height) return;
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    for (const canvas of [this.base, this.above]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    this.camera.resize(width, height);
    this.hands.resized?.();
    // A canvas that changed its size is empty: filled before the browser shows it.
    this.drawBase();
    this.drawAbove();
  }

  #listen() {
    const { whole, camera } = this;
    /** @type {Map<number, [number, number]>} */
    const pointers = new Map();
    /** @type {[number, number]} */
    let pressed = [0, 0];
    let travelled = 0;
    let pinched = false;
    /** @type {[number, number][]} */
    let drawn = [];
    const at = (/** @type {PointerEvent | WheelEvent} */ event) => {
      const box = whole.getBoundingClientRect();
      return /** @type {[number, number]} */ ([event.clientX - box.left, event.clientY - box.top]);
    };
    whole.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || (event.target instanceof Element && event.target.closest("button"))) return;
      whole.setPointerCapture(event.pointerId);
      whole.focus({ preventScroll: true });
      pointers.set(event.pointerId, (pressed = at(event)));
      travelled = 0;
      pinched = pointers.size > 1;
      drawn = [pressed];
      this.hands.leave?.();
    });
    whole.addEventListener("pointermove", (event) => {
      const here = at(event);
      const before = pointers.get(event.pointerId);
      if (!before) {
        this.hands.hover?.(...here);
        return;
      }
      travelled = Math.max(travelled, Math.hypot(here[0] - pressed[0], here[1] - pressed[1]));
      if (pointers.size === 2) {
        const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1] ?? before;
        const wide = Math.hypot(here[0] - other[0], here[1] - other[1]);
        camera.zoom(wide / Math.max(Math.hypot(before[0] - other[0], before[1] - other[1]), 1), ...other);
        pointers.set(event.pointerId, here);
        this.#moved();
        return;
      }
      pointers.set(event.pointerId, here);
      if (this.tool === "pan" || !this.hands.area) {
        camera.pan(here[0] - before[0], here[1] - before[1]);
        this.#moved();
      } else {
        drawn = this.tool === "lasso" ? [...drawn, here] : box(pressed, here);
        this.hands.area(drawn, event, false);
      }
    });
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      whole.addEventListener(name, (event) => {
        if (!pointers.delete(event.pointerId) || pointers.size) return;
        if (travelled < CLICK && name === "pointerup") this.hands.click?.(...at(event), event);
        // Two fingers zoom: what they drew is no line.
        else if (this.tool !== "pan") this.hands.area?.(name === "pointerup" && !pinched && drawn.length > 2 ? drawn : [], event, true);
      });
    }
    whole.addEventListener("pointerleave", () => this.hands.leave?.());
    whole.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        camera.zoom(Math.exp(-clamp(event.deltaY, -300, 300) / 300), ...at(event));
        this.#moved();
      },
      { passive: false },
    );
    whole.addEventListener("dblclick", (event) => {
      if (event.target instanceof Element && event.target.closest("button")) return;
      const box = whole.getBoundingClientRect();
      camera.zoom(2, event.clientX - box.left, event.clientY - box.top);
      this.#moved();
    });
    whole.addEventListener("keydown", (event) => {
      if (event.target !== whole || event.ctrlKey || event.metaKey || event.altKey) return;
      const far = event.shiftKey ? 120 : 40;
      /** @type {Record<string, () => void>} */
      const keys = {
        ArrowLeft: () => camera.pan(far, 0),
        ArrowRight: () => camera.pan(-far, 0),
        ArrowUp: () => camera.pan(0, far),
        ArrowDown: () => camera.pan(0, -far),
        "+": () => camera.zoom(1.3),
        "=": () => camera.zoom(1.3),
        "-": () => camera.zoom(1 / 1.3),
        0: () => camera.fit(camera.whole),
      };
      const act = event.key === "Escape" ? this.hands.escape : keys[event.key];
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
      if (event.key !== "Escape") this.#moved();
    });
  }
}

/** @param {[number, number]} from @param {[number, number]} to @returns {[number, number][]} the corners of a box */
function box(from, to) {
  return [from, [to[0], from[1]], to, [from[0], to[1]]];
}
