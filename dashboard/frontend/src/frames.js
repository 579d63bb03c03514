/** One redraw for each frame of the screen at most, each measured as ``mirage:frame`` in the browser's User Timing. */

const KEPT = 500;
let measured = 0;

export class Frames {
  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
    /** @type {number | null} */
    this.asked = null;
    /** How long the last redraw took, in milliseconds. */
    this.took = 0;
  }

  ask() {
    this.asked ??= requestAnimationFrame(() => this.now());
  }

  now() {
    if (this.asked !== null) cancelAnimationFrame(this.asked);
    this.asked = null;
    const start = performance.now();
    this.draw();
    const end = performance.now();
    this.took = end - start;
    performance.measure("mirage:frame", { start, end });
    // The browser keeps measures for ever; an hour of dragging must not fill its memory.
    if (++measured % KEPT === 0) performance.clearMeasures("mirage:frame");
  }

  stop() {
    if (this.asked !== null) cancelAnimationFrame(this.asked);
    this.asked = null;
  }
}
