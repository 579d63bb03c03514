/** One redraw for each frame of the screen at most, each measured in the browser's User Timing. */

const KEPT = 500;
let measured = 0;

export class Frames {
  /**
   * @param {() => void} draw
   * @param {string} name under which the browser's User Timing keeps how long each redraw took
   */
  constructor(draw, name = "mirage:frame") {
    this.draw = draw;
    this.name = name;
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
    performance.measure(this.name, { start, end });
    // The browser keeps measures for ever; an hour of dragging must not fill its memory.
    if (++measured % KEPT === 0) performance.clearMeasures(this.name);
  }

  stop() {
    if (this.asked !== null) cancelAnimationFrame(this.asked);
    this.asked = null;
  }
}
