import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../src/camera.js";

function camera() {
  const made = new Camera([0, 10, 0, 20]);
  made.resize(400, 200);
  made.fit(made.whole);
  return made;
}

test("the whole map is seen, with one scale for both axes", () => {
  const made = camera();
  assert.equal(made.scale, 10);
  assert.deepEqual([made.down(20), made.down(0)], [0, 200]);
  assert.equal(made.across(5), 200);
});

test("what is under the pointer stays there while zooming", () => {
  const made = camera();
  const [x, y] = made.place(150, 60);
  made.zoom(3, 150, 60);
  assert.ok(Math.abs(made.across(x) - 150) < 1e-9);
  assert.ok(Math.abs(made.down(y) - 60) < 1e-9);
});

test("nobody is lost beside the map", () => {
  const made = camera();
  made.pan(1e6, -1e6);
  assert.deepEqual(made.centre, [0, 0]);
  for (let i = 0; i < 50; i++) made.zoom(0.1);
  assert.ok(made.scale >= 0.5 * made.least - 1e-9);
});

test("another size of the picture keeps its middle", () => {
  const made = camera();
  const before = [...made.centre];
  made.resize(800, 400);
  assert.deepEqual(made.centre, before);
  assert.equal(made.scale, 20);
});
