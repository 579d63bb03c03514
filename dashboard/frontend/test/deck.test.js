import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, stepAfter, swiped, wayOf } from "../src/deck_keys.js";
import { Line } from "../src/deck_line.js";
import { began, idOf, keepBegan, newTalk, ownTalk } from "../src/deck_talk.js";

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

const kept = () => {
  const held = new Map();
  return { getItem: (name) => held.get(name) ?? null, setItem: (name, value) => void held.set(name, value) };
};

test("a window keeps its talk and when it began", () => {
  const store = kept();
  const talk = ownTalk(store);
  assert.equal(idOf(talk), talk);
  assert.equal(ownTalk(store), talk);
  assert.notEqual(ownTalk(kept()), talk);
  assert.equal(began(store, talk), null);
  keepBegan(store, talk, 1234);
  assert.equal(began(store, talk), 1234);
  const other = newTalk(store);
  assert.notEqual(other, talk);
  assert.equal(ownTalk(store), other);
  assert.equal(began(store, other), null);
  // A browser that keeps nothing, or has no room left.
  assert.ok(idOf(ownTalk(null)));
  assert.equal(began(null, talk), null);
  const full = { getItem: () => null, setItem: () => { throw new Error("full"); } };
  assert.ok(idOf(ownTalk(full)));
  keepBegan(full, talk, 1);
  for (const none of [null, "", 3, "<b>", "x".repeat(65)]) assert.equal(idOf(none), null);
});

/** All lines of a test, and a wait until what was said has come. */
const lines = () => {
  const made = [];
  const name = `test-${Math.random()}`;
  const line = (talk, stage) => {
    const one = Object.assign(new Line(name, { talk, stage }, (told) => one.heard.push(told)), { heard: [] });
    made.push(one);
    return one;
  };
  return { line, name, rest: () => new Promise((resolve) => setTimeout(resolve, 60)), end: () => made.forEach((one) => one.close()) };
};

test("a second window follows, asks where the talk is, and leads", async () => {
  const { line, rest, end } = lines();
  const [stage, notes] = [line("a", true), line("a", false)];
  const state = { run: "demo", step: 4, started: 1000 };
  stage.answer = () => state;
  notes.ask();
  await rest();
  stage.say({ ...state, step: 5 });
  await rest();
  assert.deepEqual(notes.heard, [state, { ...state, step: 5 }]);
  notes.say({ ...state, step: 6 });
  await rest();
  assert.deepEqual(stage.heard, [{ ...state, step: 6 }]);
  end();
});

test("two talks at once leave one another alone, and notes without a talk keep the first they hear", async () => {
  const { line, rest, end } = lines();
  const [one, two, notes, free] = [line("a", true), line("b", true), line("b", false), line(null, false)];
  one.answer = () => ({ run: "first", step: 1, started: null });
  two.answer = () => ({ run: "second", step: 2, started: null });
  free.say({ run: "x", step: 0, started: null });
  notes.ask();
  await rest();
  assert.deepEqual(notes.heard, [{ run: "second", step: 2, started: null }]);
  assert.equal(free.talk, "b");
  free.ask();
  one.say({ run: "first", step: 3, started: null });
  await rest();
  assert.deepEqual([one.heard, two.heard], [[], []]);
  assert.deepEqual(new Set([...notes.heard, ...free.heard].map(({ run }) => run)), new Set(["second"]));
  end();
});

test("a tab that was duplicated learns that its talk is another's", async () => {
  const { line, rest, end } = lines();
  const [first, copy] = [line("a", true), line("a", true)];
  first.answer = () => ({ run: "demo", step: 1, started: 7 });
  let twins = 0;
  copy.twin = () => twins++;
  first.twin = () => assert.fail("the first one keeps the talk");
  copy.ask();
  await rest();
  assert.equal(twins, 1);
  assert.deepEqual(copy.heard, []);
  end();
});

test("what is no message of a talk is not heard", async () => {
  const { line, name, rest, end } = lines();
  const one = line("a", true);
  one.answer = () => assert.fail("nobody asked");
  const noise = new BroadcastChannel(`mirage-talk:${name}`);
  const real = { step: 2, run: "a", started: null, talk: "a", stage: false };
  for (const said of [null, "x", "where", { where: 1, talk: null }, { where: true, talk: "<b>" }, { step: "3" }, { ...real, step: -1 },
    { ...real, step: 1.5 }, { ...real, started: "x" }, { ...real, talk: "b" }, { ...real, stage: undefined }]) noise.postMessage(said);
  noise.postMessage(real);
  await rest();
  assert.deepEqual(one.heard, [{ step: 2, run: "a", started: null }]);
  noise.close();
  end();
});
