/** What the generator makes of the lab's controls, and what the run's other networks say about it. No drawing here. */

import { readNetworks, softmax } from "./networks.js";
import { floats, Unreadable } from "./tensors.js";

/**
 * @typedef {{emotion: number, mixture: number[] | null, codes: number[], truncation: number, sample: number,
 *   strip: number}} Controls emotion and sample are indices, codes in sigma
 * @typedef {{h: Float32Array, posterior: Float32Array, places: Float32Array, count: number}} Made
 * @typedef {{emotion: Float32Array, codes: Float32Array, information: number, novelty: number}} Look
 * @typedef {{at: number[], posterior: Float32Array, places: Float32Array}} Path
 */

export const CODE_LIMIT = 3;
export const PATH_STEPS = 25;
/** Cells of the grid over two codes, in each direction. */
export const GRID_CELLS = 9;
const NEAREST = 5;
const NETWORKS = ["generator", "trunk", "emotion", "codes", "classifier", "projector"];

export class LabModel {
  /**
   * @param {import("./tensors.js").Packed} networks of the run, and ``reference`` (n, d): real features, for the novelty
   * @param {{classes: string[], codes: number, prior: number[], typical: number, dim: number}} facts ``typical`` is the
   *   usual distance between real features (see core/runs/neighbours.py)
   */
  constructor(networks, facts) {
    this.networks = readNetworks(networks);
    this.facts = facts;
    this.reference = floats(networks, "reference");
    checkTogether(this.networks, facts, this.reference.length);
    /** Noise z (count, noise) before truncation, and texts t (count, d) or nothing. */
    /** @type {Float32Array} */
    this.noise = new Float32Array(0);
    /** @type {Float32Array} */
    this.texts = new Float32Array(0);
    this.count = 0;
    this.noiseSize = 0;
    this.input = new Float32Array(0);
    this.pathInput = new Float32Array(0);
  }

  /** @param {import("./tensors.js").Packed} inputs ``z`` (count, noise) and, where text is an input, ``t`` (count, d) */
  setInputs(inputs) {
    const noise = floats(inputs, "z");
    const texts = inputs.tensors.has("t") ? floats(inputs, "t") : new Float32Array(0);
    const shape = inputs.tensors.get("z")?.shape ?? [];
    const [count, size] = shape;
    const { classes, codes, dim } = this.facts;
    const wide = size + classes.length + codes + (texts.length ? dim : 0);
    const fits = shape.length === 2 && count >= 1 && wide === this.networks.generator.inputs;
    if (!fits || (texts.length && texts.length !== count * dim)) throw new Unreadable("the inputs do not fit the generator");
    // Nothing of this model has changed before everything was looked at.
    [this.noise, this.texts, this.count, this.noiseSize] = [noise, texts, count, size];
    this.input = new Float32Array(this.count * this.networks.generator.inputs);
    this.pathInput = new Float32Array(PATH_STEPS * this.networks.generator.inputs);
  }

  /**
   * The share of each emotion.
   *
   * @param {Controls} controls
   * @returns {number[]}
   */
  shares({ emotion, mixture }) {
    if (!mixture) return this.facts.classes.map((_, index) => (index === emotion ? 1 : 0));
    const total = mixture.reduce((a, b) => a + b, 0);
    return mixture.map((weight) => weight / total);
  }

  /** The emotion that is asked for; of a mixture, the heaviest. @param {Controls} controls */
  asked(controls) {
    const shares = this.shares(controls);
    return shares.indexOf(Math.max(...shares));
  }

  /**
   * Features, posteriors and places of all samples.
   *
   * @param {Controls} controls
   * @returns {Made}
   */
  make(controls) {
    const shares = this.shares(controls);
    for (let row = 0; row < this.count; row++) this.#fill(this.input, row, row, controls, shares, controls.codes);
    const { h, posterior, places, count } = this.#judge(this.networks.generator.run(this.input, this.count), this.count);
    // The networks write over what they gave.
    return { h: h.slice(), posterior: posterior.slice(), places: places.slice(), count };
  }

  /**
   * One sample, looked at closely.
   *
   * @param {Made} made
   * @param {Controls} controls
   * @returns {Look}
   */
  look(made, controls) {
    const { networks, facts } = this;
    const wide = networks.generator.outputs;
    const row = Math.min(controls.sample, this.count - 1);
    const whole = made.h.subarray(row * wide, (row + 1) * wide);
    const phi = networks.trunk.run(whole, 1);
    const emotion = softmax(networks.emotion.run(phi, 1), facts.classes.length);
    const codes = networks.codes.run(phi, 1);
    const asked = this.asked(controls);
    const share = made.posterior[row * facts.classes.length + asked];
    const information = Math.log(Math.max(share, Number.MIN_VALUE)) - Math.log(Math.max(facts.prior[asked], Number.MIN_VALUE));
    return { emotion, codes, information, novelty: this.#novelty(whole.subarray(0, facts.dim)) };
  }

  /**
   * Where the sample looked at goes while one code moves over its range and everything else stays.
   *
   * @param {Controls} controls
   * @returns {Path}
   */
  path(controls) {
    const shares = this.shares(controls);
    const at = Array.from({ length: PATH_STEPS }, (_, i) => -CODE_LIMIT + (2 * CODE_LIMIT * i) / (PATH_STEPS - 1));
    const row = Math.min(controls.sample, this.count - 1);
    at.forEach((value, step) => {
      const codes = controls.codes.map((code, index) => (index === controls.strip ? value : code));
      this.#fill(this.pathInput, step, row, controls, shares, codes);
    });
    const { posterior, places } = this.#judge(this.networks.generator.run(this.pathInput, PATH_STEPS), PATH_STEPS);
    return { at, posterior: posterior.slice(), places: places.slice() };
  }

  /**
   * The posterior of the sample looked at while two codes move over their range and everything else stays: rows from
   * the lowest of the second code to the highest, in each the first code from the lowest to the highest.
   *
   * @param {Controls} controls
   * @param {number[]} pair which codes
   * @returns {Float32Array} (GRID_CELLS * GRID_CELLS, k)
   */
  grid(controls, pair) {
    const shares = this.shares(controls);
    const count = GRID_CELLS * GRID_CELLS;
    const input = new Float32Array(count * this.networks.generator.inputs);
    const row = Math.min(controls.sample, this.count - 1);
    for (let cell = 0; cell < count; cell++) {
      const codes = [...controls.codes];
      codes[pair[0]] = ((cell % GRID_CELLS) / (GRID_CELLS - 1)) * 2 * CODE_LIMIT - CODE_LIMIT;
      codes[pair[1]] = (Math.floor(cell / GRID_CELLS) / (GRID_CELLS - 1)) * 2 * CODE_LIMIT - CODE_LIMIT;
      this.#fill(input, cell, row, controls, shares, codes);
    }
    return this.#judge(this.networks.generator.run(input, count), count).posterior.slice();
  }

  /**
   * @param {Float32Array} input
   * @param {number} row to be filled
   * @param {number} sample whose noise and text it takes
   * @param {Controls} controls
   * @param {number[]} shares
   * @param {number[]} codes
   */
  #fill(input, row, sample, controls, shares, codes) {
    let place = row * this.networks.generator.inputs;
    const start = sample * this.noiseSize;
    for (let k = 0; k < this.noiseSize; k++) input[place++] = controls.truncation * this.noise[start + k];
    for (const share of shares) input[place++] = share;
    for (const code of codes) input[place++] = code;
    if (this.texts.length) {
      const { dim } = this.facts;
      input.set(this.texts.subarray(sample * dim, (sample + 1) * dim), place);
    }
  }

  /** @param {Float32Array} h @param {number} count @returns {Made} */
  #judge(h, count) {
    const { networks, facts } = this;
    const audio = networks.generator.outputs === facts.dim ? h : firstHalves(h, networks.generator.outputs, facts.dim, count);
    const posterior = softmax(networks.classifier.run(audio, count), facts.classes.length);
    return { h, posterior, places: networks.projector.run(audio, count), count };
  }

  /** Mean distance to the nearest real features, as a multiple of what is usual among them. @param {Float32Array} h */
  #novelty(h) {
    const { dim, typical } = this.facts;
    const nearest = new Float64Array(NEAREST).fill(Infinity);
    for (let start = 0; start < this.reference.length; start += dim) {
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += (this.reference[start + k] - h[k]) ** 2;
      if (sum < nearest[NEAREST - 1]) {
        let place = NEAREST - 1;
        for (; place > 0 && nearest[place - 1] > sum; place--) nearest[place] = nearest[place - 1];
        nearest[place] = sum;
      }
    }
    const found = nearest.filter((value) => value < Infinity);
    return found.reduce((sum, value) => sum + Math.sqrt(value), 0) / found.length / typical;
  }
}

/**
 * Whether the networks take what the others give.
 *
 * @param {Record<string, import("./networks.js").Network>} networks
 * @param {{classes: string[], codes: number, dim: number}} facts
 * @param {number} reference values in all
 */
function checkTogether(networks, { classes, codes, dim }, reference) {
  const { generator, trunk, emotion, codes: heads, classifier, projector } = networks;
  for (const name of NETWORKS) if (!Object.hasOwn(networks, name)) throw new Unreadable(`the network ${name} is missing`);
  const fits =
    (generator.outputs === dim || generator.outputs === 2 * dim) &&
    trunk.inputs === generator.outputs &&
    emotion.inputs === trunk.outputs &&
    emotion.outputs === classes.length &&
    heads.inputs === trunk.outputs &&
    heads.outputs === codes &&
    classifier.inputs === dim &&
    classifier.outputs === classes.length &&
    projector.inputs === dim &&
    projector.outputs === 2 &&
    reference % dim === 0;
  if (!fits) throw new Unreadable("the networks do not belong together");
}

/** @param {Float32Array} rows @param {number} width @param {number} dim @param {number} count */
function firstHalves(rows, width, dim, count) {
  const halves = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) halves.set(rows.subarray(row * width, row * width + dim), row * dim);
  return halves;
}
