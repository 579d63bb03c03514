import assert from "node:assert/strict";
import { test } from "node:test";
import { corners, placeOf, sharesAt } from "../src/mixture.js";

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

for (const count of [1, 2, 3, 4, 7, 8]) {
  test(`corners of ${count} emotions are one emotion each`, () => {
    corners(count).forEach((corner, index) => {
      sharesAt(corner, count).forEach((share, other) => near(share, other === index ? 1 : 0));
    });
  });

  test(`shares of ${count} emotions lead back to the place`, () => {
    for (const place of [[0, 0], [0.2, 0.1], [-0.3, 0.25]]) {
      const shares = sharesAt(place, count);
      assert.ok(shares.every((share) => share >= 0));
      near(shares.reduce((a, b) => a + b, 0), 1);
      if (count < 3) continue;
      const [x, y] = placeOf(shares);
      near(x, place[0]);
      near(y, place[1]);
    }
  });
}

test("a place outside is drawn to the edge", () => {
  const shares = sharesAt([5, 5], 4);
  near(shares.reduce((a, b) => a + b, 0), 1);
  assert.ok(shares.every((share) => share >= 0 && share <= 1));
});
