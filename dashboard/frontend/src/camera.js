/** Where the map is looked at from: one scale for both axes, since only distances mean something on it. */

/** @typedef {[number, number, number, number]} Frame x from, x to, y from, y to, in map units */

const NEAREST = 400;

export class Camera {
  /** @param {Frame} whole what "the whole map" is */
  constructor(whole) {
    this.whole = whole;
    this.width = 1;
    this.height = 1;
    this.centre = [(whole[0] + whole[1]) / 2, (whole[2] + whole[3]) / 2];
    /** Pixels for each map unit. */
    this.scale = 1;
    this.fit(whole);
  }

  /**
   * The size of the picture in CSS pixels; its middle and its zoom stay.
   *
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    const zoom = this.scale / this.least;
    this.width = width;
    this.height = height;
    this.scale = zoom * this.least;
  }

  /** @param {Frame} frame to be seen as large as it goes */
  fit(frame) {
    this.centre = [(frame[0] + frame[1]) / 2, (frame[2] + frame[3]) / 2];
    const wide = Math.max(frame[1] - frame[0], 1e-6);
    const high = Math.max(frame[3] - frame[2], 1e-6);
    this.scale = Math.min(this.width / wide, this.height / high);
  }

  /** The scale at which the whole map just fits. */
  get least() {
    const [a, b, c, d] = this.whole;
    return Math.min(this.width / Math.max(b - a, 1e-6), this.height / Math.max(d - c, 1e-6));
  }

  /** @returns {Frame} what is seen */
  get frame() {
    const w = this.width / this.scale / 2;
    const h = this.height / this.scale / 2;
    return [this.centre[0] - w, this.centre[0] + w, this.centre[1] - h, this.centre[1] + h];
  }

  /** @param {number} x map units @returns {number} pixels from the left */
  across(x) {
    return (x - this.centre[0]) * this.scale + this.width / 2;
  }

  /** @param {number} y map units @returns {number} pixels from the top */
  down(y) {
    return this.height / 2 - (y - this.centre[1]) * this.scale;
  }

  /** @param {number} left @param {number} top in pixels @returns {[number, number]} map units */
  place(left, top) {
    return [
      (left - this.width / 2) / this.scale + this.centre[0],
      (this.height / 2 - top) / this.scale + this.centre[1],
    ];
  }

  /** @param {number} left @param {number} top pixels that the picture moves */
  pan(left, top) {
    this.centre = [this.centre[0] - left / this.scale, this.centre[1] + top / this.scale];
    this.#hold();
  }

  /** Zooms so that what lies under a pixel stays there. @param {number} factor @param {number} left @param {number} top */
  zoom(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.place(left, top);
    const least = this.least;
    this.scale = Math.min(Math.max(this.scale * factor, 0.5 * least), NEAREST * least);
    const [nowX, nowY] = this.place(left, top);
    this.centre = [this.centre[0] + x - nowX, this.centre[1] + y - nowY];
    this.#hold();
  }

  /** The middle stays on the map: nobody gets lost beside it. */
  #hold() {
    const [a, b, c, d] = this.whole;
    this.centre = [Math.min(Math.max(this.centre[0], a), b), Math.min(Math.max(this.centre[1], c), d)];
  }
}
