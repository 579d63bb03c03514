import assert from "node:assert/strict";
import { test } from "node:test";
import { begins, centred, remember, wasSeen } from "../src/tour_rules.js";

const storage = () => {
  const held = new Map();
  return { localStorage: { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => held.set(key, value) } };
};

test("it begins by itself once, and again when it is asked for", () => {
  const here = storage();
  const state = () => ({ begun: 0, active: false, seen: wasSeen(here) });
  assert.equal(begins({ asked: 0, auto: true }, state()), "first");
  remember(here);
  assert.equal(begins({ asked: 0, auto: true }, state()), "no");
  assert.equal(begins({ asked: 1, auto: true }, state()), "asked");
  assert.equal(begins({ asked: 1, auto: true }, { ...state(), begun: 1 }), "no");
});

test("not by itself where it may not, nor over itself", () => {
  assert.equal(begins({ asked: 0, auto: false }, { begun: 0, active: false, seen: false }), "no");
  assert.equal(begins({ asked: 0, auto: true }, { begun: 0, active: true, seen: false }), "no");
});

test("a browser that keeps nothing is never met by it unasked", () => {
  const forbidden = { get localStorage() { throw new Error("denied"); } };
  assert.equal(wasSeen(forbidden), true);
  remember(forbidden);
  assert.equal(wasSeen({}), true);
});

test("an entry that cannot be seen", () => {
  const box = { width: 200, height: 30, left: 20, right: 220 };
  assert.equal(centred(box, 390), false);
  assert.equal(centred({ ...box, left: -220, right: -20 }, 390), true);
  assert.equal(centred({ ...box, width: 0 }, 390), true);
});
