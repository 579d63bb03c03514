import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../src/camera.js";
import { markInside, nearest, packed, screenOf, unpacked } from "../src/picking.js";
import { NOWHERE } from "../src/places.js";


const frame = [0, 1, 0, 1];
const camera = new Camera(frame);
camera.resize(100, 100);
const screen = screenOf(camera, frame);
const targets = {
  places: Uint16Array.from([0, 0, 32767, 32767, 65534, 65534, NOWHERE, NOWHERE]),
  light: Uint8Array.from([2, 1, 2, 2]),
};

test("the nearest shown point within reach", () => {
  assert.equal(nearest(targets, screen, 52, 50, 12).row, 1);
  assert.equal(nearest(targets, screen, 70, 70, 12).row, -1);
  assert.equal(nearest({ ...targets, light: Uint8Array.from([2, 0, 2, 2]) }, screen, 52, 50, 12).row, -1);
});

test("what lies inside a line, without what is hidden or nowhere", () => {
  const mark = (line) => {
    const inside = new Uint8Array(4);
    markInside(targets, screen, line, inside);
    return [...inside];
  };
  assert.deepEqual(mark([[-5, -5], [105, -5], [105, 105], [-5, 105]]), [1, 1, 1, 0]);
  assert.deepEqual(mark([[40, 40], [60, 40], [60, 60], [40, 60]]), [0, 1, 0, 0]);
  // A line that crosses itself counts as even and odd.
  assert.deepEqual(mark([[0, 0], [10, 10]]), [0, 0, 0, 0]);
});

test("a set of rows survives as bits", () => {
  for (const count of [1, 7, 8, 9, 100]) {
    const marks = Uint8Array.from({ length: count }, (_, i) => Number(i % 3 === 0));
    assert.deepEqual(unpacked(packed(marks), count), marks);
  }
  // As numpy.packbits writes it.
  assert.equal(packed(Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 1])), "gEA=");
});
