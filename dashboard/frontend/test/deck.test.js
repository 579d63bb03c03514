import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, stepAfter, swiped, wayOf } from "../src/deck_keys.js";
import { Line } from "../src/deck_line.js";

const made = (tagName, more = {}) => ({ tagName, getAttribute: (name) => more[name] ?? null, dataset: {}, ...more });
const body = made("BODY");

test("the keys of a keyboard and of a clicker", () => {
  const asked = (key, more) => wayOf({ key, ...more }, [body]);
  assert.deepEqual(["ArrowRight", "PageDown", " ", "ArrowDown"].map((key) => asked(key)), ["next", "next", "next", "next"]);
  assert.deepEqual(["ArrowLeft", "PageUp", "ArrowUp"].map((key) => asked(key)), ["back", "back", "back"]);
  assert.deepEqual(["Home", "End", "f", "N", "Escape"].map((key) => asked(key)), ["first", "last", "screen", "notes", "leave"]);
  assert.equal(asked(" ", { shiftKey: true }), "back");
  assert.equal(asked("x"), null);
});

test("keys with a modifier are the browser's", () => {
  for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { defaultPrevented: true }]) {
    assert.equal(wayOf({ key: "ArrowRight", ...more }, [body]), null);
  }
});

test("a field, a list, a component keeps its keys", () => {
  for (const path of [
    [made("INPUT", { type: "text" })],
    [made("INPUT", { type: "number" }), made("DIV", { dataset: { testid: "stBidiComponentIsolated" } })],
    [made("TEXTAREA")],
    [made("DIV", { isContentEditable: true })],
  ]) {
    for (const key of ["ArrowRight", " ", "PageDown", "f", "Home"]) assert.equal(wayOf({ key }, [...path, body]), null, key);
  }
  for (const path of [
    [made("INPUT", { type: "range" })],
    [made("DIV", { role: "slider" })],
    [made("BUTTON", { role: "radio" })],
    [made("DIV", { class: "map" }), made("DIV", { dataset: { testid: "stBidiComponentIsolated" } })],
    [made("AUDIO")],
  ]) {
    for (const key of ["ArrowRight", "ArrowUp", " ", "Home", "f"]) assert.equal(wayOf({ key }, [...path, body]), null, key);
    // The clicker is heard after a slider was let go.
    assert.equal(wayOf({ key: "PageDown" }, [...path, body]), "next");
  }
});

test("the presentation's own buttons keep the space bar alone", () => {
  const own = [made("BUTTON"), made("DIV", { dataset: { testid: "stBidiComponentIsolated" }, "data-deck": "" }), body];
  assert.equal(wayOf({ key: " " }, own), null);
  assert.equal(wayOf({ key: "ArrowRight" }, own), "next");
});

test("steps end at both ends", () => {
  assert.deepEqual([stepAfter("next", 0, 3), stepAfter("next", 2, 3), stepAfter("back", 0, 3)], [1, 2, 0]);
  assert.deepEqual([stepAfter("first", 2, 3), stepAfter("last", 0, 3), stepAfter("notes", 1, 3)], [0, 2, 1]);
});

test("a swipe is far and sideways", () => {
  assert.deepEqual([swiped(-80, 10), swiped(80, -10), swiped(-30, 0), swiped(-80, 70)], ["next", "back", null, null]);
});

test("elapsed time", () => {
  assert.deepEqual([clock(7), clock(750.9), clock(3723), clock(-1)], ["0:07", "12:30", "1:02:03", "0:00"]);
});

test("F5 is the browser's outside of full screen, and a switch that is held down acts once", () => {
  assert.equal(wayOf({ key: "F5" }, [body]), null);
  assert.equal(wayOf({ key: "F5" }, [body], true), "screen");
  for (const key of ["f", "N"]) assert.equal(wayOf({ key, repeat: true }, [body]), null, key);
  assert.equal(wayOf({ key: "F5", repeat: true }, [body], true), null);
  assert.equal(wayOf({ key: "ArrowRight", repeat: true }, [body]), "next");
});

test("a second window follows, asks where the talk is, and leads", async () => {
  const heard = [];
  const stage = new Line("test-talk", (said) => heard.push(said));
  const state = { run: "demo", step: 4, started: 1000 };
  stage.answer = () => state;
  const seen = [];
  let done = () => undefined;
  const notes = new Line("test-talk", (said) => {
    seen.push(said);
    done();
  });
  const next = () => new Promise((resolve) => (done = resolve));
  let wait = next();
  notes.ask();
  await wait;
  wait = next();
  stage.say({ ...state, step: 5 });
  await wait;
  assert.deepEqual(seen, [state, { ...state, step: 5 }]);
  const led = new Promise((resolve) => (stage.hear = resolve));
  notes.say({ ...state, step: 6 });
  assert.deepEqual(await led, { ...state, step: 6 });
  stage.close();
  notes.close();
});

test("what is no message of a talk is not heard", async () => {
  const heard = [];
  const line = new Line("test-noise", (said) => heard.push(said));
  const noise = new BroadcastChannel("mirage-talk:test-noise");
  for (const said of [null, "x", { step: "3" }, { step: -1, run: "a" }, { step: 1.5, run: "a" }, { step: 2 }]) noise.postMessage(said);
  const real = new Promise((resolve) => (line.hear = resolve));
  noise.postMessage({ step: 2, run: "a", started: null });
  assert.deepEqual(await real, { step: 2, run: "a", started: null });
  assert.deepEqual(heard, []);
  noise.close();
  line.close();
});
