import assert from "node:assert/strict";
import { test } from "node:test";
import { CODE_LIMIT, GRID_CELLS, LabModel, PATH_STEPS } from "../src/lab_model.js";
import { readTensors } from "../src/tensors.js";
import { pack } from "./pack.js";

// z (2), c (2), u (2) to h (2): h = z + c + u. The classifier's logits and the places are h itself.
const eye = [1, 0, 0, 1];
const adding = [1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1];
const same = { inputs: 2, outputs: 2, layers: [{ op: "linear", weight: "eye", bias: "none" }] };
const layers = JSON.stringify({
  format: 1,
  networks: {
    generator: { inputs: 6, outputs: 2, layers: [{ op: "linear", weight: "adding", bias: "none" }] },
    trunk: same,
    emotion: same,
    codes: same,
    classifier: same,
    projector: same,
  },
});

function model() {
  const packed = readTensors(pack({
    eye: { shape: [2, 2], values: eye },
    none: { shape: [2], values: [0, 0] },
    adding: { shape: [2, 6], values: adding },
    reference: { shape: [6, 2], values: [0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0] },
  }, { layers }));
  const made = new LabModel(packed, { classes: ["a", "b"], codes: 2, prior: [0.5, 0.5], typical: 2, dim: 2 });
  made.setInputs(readTensors(pack({ z: { shape: [2, 2], values: [1, 2, 3, 4] } })));
  return made;
}

const start = { emotion: 0, mixture: null, codes: [0.5, -1], truncation: 1, sample: 1, strip: 0 };

test("every sample has its own noise, all have the same emotion and codes", () => {
  assert.deepEqual([...model().make(start).h], [1 + 1 + 0.5, 2 - 1, 3 + 1 + 0.5, 4 - 1]);
});

test("truncation is a factor on the noise alone", () => {
  assert.deepEqual([...model().make({ ...start, truncation: 0 }).h], [1.5, -1, 1.5, -1]);
});

test("a mixture is shared out", () => {
  assert.deepEqual([...model().make({ ...start, mixture: [1, 3], codes: [0, 0], truncation: 0 }).h], [0.25, 0.75, 0.25, 0.75]);
});

test("the path goes through the sample itself", () => {
  const made = model();
  const path = made.path({ ...start, codes: [CODE_LIMIT, -1] });
  const whole = made.make({ ...start, codes: [CODE_LIMIT, -1] });
  assert.equal(path.at.length, PATH_STEPS);
  assert.deepEqual([...path.places.slice(-2)], [...whole.places.slice(2, 4)]);
  assert.equal(path.places[0], path.places.at(-2) - 2 * CODE_LIMIT);
});

test("the grid's middle is the sample with both codes at 0", () => {
  const made = model();
  const grid = made.grid(start, [0, 1]);
  const middle = (GRID_CELLS * GRID_CELLS - 1) / 2;
  const whole = made.make({ ...start, codes: [0, 0] });
  assert.deepEqual([...grid.slice(2 * middle, 2 * middle + 2)], [...whole.posterior.slice(2, 4)]);
});

test("information and novelty are those of the sample looked at", () => {
  const made = model();
  const controls = { ...start, emotion: 0, codes: [0, 0], truncation: 0 };
  const look = made.look(made.make(controls), controls);
  // h = (1, 0): p(a) = e / (e + 1); the five nearest of the references are the zeros, each at distance 1.
  assert.ok(Math.abs(look.information - Math.log((2 * Math.E) / (Math.E + 1))) < 1e-6);
  assert.ok(Math.abs(look.novelty - 1 / 2) < 1e-6);
});
