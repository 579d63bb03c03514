import assert from "node:assert/strict";
import { test } from "node:test";
import { NOWHERE } from "../src/places.js";
import { thinned } from "../src/thinning.js";

const screen = { left: 0, top: 0, wide: 1, high: 1 };

test("one point for each colour and brightness on each spot, and how many are left out", () => {
  const cloud = {
    places: Uint16Array.from([10, 10, 10, 11, 10, 10, 10, 10, 50, 50, NOWHERE, NOWHERE, 500, 500, 500, 500, 11, 10]),
    paint: Uint8Array.from([0, 0, 1, 0, 0, 0, 0, 0, 0]),
    light: Uint8Array.from([2, 2, 2, 1, 2, 2, 2, 2, 0]),
    shape: 0,
  };
  const { drawn, left } = thinned(cloud, screen, 100, 100, 2);
  assert.deepEqual([...drawn], [2, 0, 2, 1, 2, 2, 2, 2, 0]);
  assert.equal(left, 1);
});
