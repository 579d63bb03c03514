import assert from "node:assert/strict";
import { test } from "node:test";
import { linear, readNetworks, softmax } from "../src/networks.js";
import { readTensors } from "../src/tensors.js";
import { pack } from "./pack.js";

test("reads a file that lies at an odd place in memory", () => {
  const bytes = pack({ a: { shape: [2, 2], values: [1, 2, 3, 4] } }, { key: "k" });
  const odd = new Uint8Array(bytes.length + 3);
  odd.set(bytes, 3);
  const { tensors, metadata } = readTensors(odd.subarray(3));
  assert.deepEqual([...tensors.get("a").values], [1, 2, 3, 4]);
  assert.equal(metadata.key, "k");
});

test("refuses what is cut off or does not fit", () => {
  const bytes = pack({ a: { shape: [4], values: [1, 2, 3, 4] } });
  assert.throws(() => readTensors(bytes.subarray(0, 5)), /shorter/);
  assert.throws(() => readTensors(bytes.subarray(0, 20)), /cut off/);
  assert.throws(() => readTensors(bytes.subarray(0, bytes.length - 4)), /do not fit/);
});

test("a linear layer gives the same for any number of rows", () => {
  const from = Float32Array.from({ length: 7 * 3 }, (_, i) => i - 10);
  const weight = Float32Array.from([1, 2, 3, -1, 0, 1]);
  const bias = Float32Array.from([0.5, -0.5]);
  for (let rows = 1; rows <= 7; rows++) {
    const to = new Float32Array(rows * 2);
    linear(from, 3, weight, bias, to, rows);
    for (let row = 0; row < rows; row++) {
      const [a, b, c] = from.subarray(3 * row);
      assert.equal(to[2 * row], a + 2 * b + 3 * c + 0.5);
      assert.equal(to[2 * row + 1], c - a - 0.5);
    }
  }
});

test("a network of every layer", () => {
  const layers = JSON.stringify({
    format: 1,
    networks: {
      n: {
        inputs: 2,
        outputs: 2,
        layers: [
          { op: "linear", weight: "w", bias: "b" },
          { op: "leaky", slope: 0.5 },
          { op: "add", weight: "w" },
          { op: "affine", scale: "s", shift: "b" },
        ],
      },
    },
  });
  const values = { w: { shape: [2, 2], values: [1, 0, 0, -1] }, b: { shape: [2], values: [1, 1] }, s: { shape: [2], values: [2, 3] } };
  const { n } = readNetworks(readTensors(pack(values, { layers })));
  // [3, 4] -> [4, -3] -> [4, -1.5] -> + [3, -4] -> [7, -5.5] -> [15, -15.5]
  assert.deepEqual([...n.run(Float32Array.from([3, 4]), 1)], [15, -15.5]);
  assert.throws(() => n.run(Float32Array.from([3]), 1), /1 values are not 1 x 2/);
});

test("unknown layers, formats and sizes are refused", () => {
  const made = (layer, format = 1) =>
    readNetworks(readTensors(pack({ w: { shape: [3], values: [1, 2, 3] }, b: { shape: [1], values: [0] } },
      { layers: JSON.stringify({ format, networks: { n: { inputs: 2, outputs: 1, layers: [layer] } } }) })));
  assert.throws(() => made({ op: "dance" }), /no layer dance/);
  assert.throws(() => made({ op: "linear", weight: "w", bias: "b" }), /wrong size/);
  assert.throws(() => made({ op: "leaky" }, 2), /format 2/);
});

test("softmax of large logits is finite", () => {
  assert.deepEqual([...softmax(Float32Array.from([1000, 1000, -1000, 1000]), 2)], [0.5, 0.5, 0, 1]);
});
