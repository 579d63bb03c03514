/**
 * Whatever bytes come, they are read or refused by the one clear error: no hang, no other exception, no memory out of
 * proportion, no lab half made. MIRAGE_FUZZ=100000 looks longer (runs of each property).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LabModel } from "../src/lab_model.js";
import { readNetworks } from "../src/networks.js";
import { keepPack, takePack } from "../src/packs.js";
import { readTensors, Unreadable } from "../src/tensors.js";
import { pack } from "./pack.js";

// npm ci installs it; the cases found by it stand below and run without.
const fc = await import("fast-check").then((found) => found.default).catch(() => null);
const skip = fc ? false : "fast-check is not installed (npm ci)";
// The short run is the same every time; the long one is another each time, and says its seed.
const runs = process.env.MIRAGE_FUZZ ? { numRuns: Number(process.env.MIRAGE_FUZZ) } : { numRuns: 400, seed: 7 };
const MOST_MEMORY = 64 << 20;
const MOST_MILLISECONDS = 2000;

const FACTS = { classes: ["a", "b"], codes: 2, prior: [0.5, 0.5], typical: 2, dim: 2 };
const START = { emotion: 0, mixture: null, codes: [0.5, -1], truncation: 1, sample: 1, strip: 0 };
const TENSORS = {
  eye: { shape: [2, 2], values: [1, 0, 0, 1] },
  none: { shape: [2], values: [0, 0] },
  adding: { shape: [2, 6], values: [1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1] },
  reference: { shape: [3, 2], values: [0, 0, 3, 4, 0, 0] },
  z: { shape: [2, 2], values: [1, 2, 3, 4] },
};
const same = () => ({ inputs: 2, outputs: 2, layers: [{ op: "linear", weight: "eye", bias: "none" }] });
const LAYERS = {
  format: 1,
  networks: {
    generator: {
      inputs: 6,
      outputs: 2,
      layers: [
        { op: "linear", weight: "adding", bias: "none" },
        { op: "leaky", slope: 0.2 },
        { op: "add", weight: "adding" },
        { op: "sphere", width: 2, eps: 1e-5 },
      ],
    },
    trunk: same(),
    emotion: same(),
    codes: same(),
    classifier: same(),
    projector: { inputs: 2, outputs: 2, layers: [...same().layers, { op: "affine", scale: "none", shift: "none" }] },
  },
};
const whole = (layers = JSON.stringify(LAYERS)) => pack(TENSORS, { layers, key: "0123456789abcdef01234567" });

/** A file from a header that may say anything. */
function withHeader(text, body) {
  const letters = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + letters.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(letters.length), true);
  bytes.set(letters, 8);
  bytes.set(body, 8 + letters.length);
  return bytes;
}

/** The lab as the page makes and uses it; true where it works, false where it was refused as it should be. */
function works(bytes) {
  const began = performance.now();
  const before = process.memoryUsage().arrayBuffers;
  let model = null;
  try {
    const packed = readTensors(bytes);
    model = new LabModel(packed, FACTS);
    model.setInputs(packed);
    const made = model.make(START);
    model.look(made, START);
    model.path(START);
    model.grid(START, [0, 1]);
    assert.equal(made.h.length, 2 * model.count);
    assert.equal(made.places.length, 2 * model.count);
    return true;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    assert.ok(error.message.length < 200 && !error.message.includes("\n"), error.message);
    // Refused before anything of it was taken.
    if (model) assert.equal(model.count, 0);
    return false;
  } finally {
    assert.ok(process.memoryUsage().arrayBuffers - before < MOST_MEMORY, "too much memory");
    assert.ok(performance.now() - began < MOST_MILLISECONDS, "too slow");
  }
}

/** The header and the body of a file. */
function parts(bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return [new TextDecoder().decode(bytes.subarray(8, 8 + length)), bytes.slice(8 + length)];
}

/** Every place in a JSON value, as paths. */
function places(value, path = []) {
  const inside = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return [path, ...inside.flatMap((key) => places(value[key], [...path, key]))];
}

function changed(value, path, put) {
  if (!path.length) return put;
  const copy = structuredClone(value);
  const at = path.slice(0, -1).reduce((found, key) => found[key], copy);
  at[path.at(-1)] = put;
  return copy;
}

const HOSTILE = [
  null, true, 0, -1, 1.5, 1e9, 2 ** 31, 2 ** 53, 1e308, "", "constructor", "__proto__", "F32", "U8", "F64", "linear", "sphere",
  "affine", "add", "leaky", [], {}, [0], [-1, -1], [1e9, 1e9], [0, 1e9], [1.5], ["2"], [[2]], [0, 4], [4, 0], [1, 9], { op: "sphere", width: 0 },
];

test("what the mutations begin with works", () => {
  assert.equal(works(whole()), true);
});

test("cases found", () => {
  const layer = (put, at = 3) => {
    const layers = structuredClone(LAYERS);
    layers.networks.generator.layers[at] = put;
    return whole(JSON.stringify(layers));
  };
  const header = (change) => {
    const [text, body] = parts(whole());
    const found = JSON.parse(text);
    change(found);
    return withHeader(JSON.stringify(found), body);
  };
  const refused = {
    "a sphere of nothing, which had no end": layer({ op: "sphere", width: 0 }),
    "a sphere of less than nothing": layer({ op: "sphere", width: -2 }),
    "a sphere whose width is a text": layer({ op: "sphere", width: "2" }),
    "an affine layer that is too short": layer({ op: "affine", scale: "eye", shift: "none" }),
    "no layer": layer(null),
    "layers that are no list": whole(JSON.stringify({ format: 1, networks: { generator: { inputs: 2, layers: 7 } } })),
    "no networks": whole(JSON.stringify({ format: 1 })),
    "layers that are no JSON": whole("{"),
    "layers that are null": whole("null"),
    "inputs without end": whole(JSON.stringify({ format: 1, networks: { n: { inputs: 1e9, layers: [{ op: "leaky" }] } } })),
    "a header that is no JSON": withHeader("{", new Uint8Array(8)),
    "a header that is null": withHeader("null", new Uint8Array(8)),
    "a header as deep as a well": withHeader("[".repeat(200_000), new Uint8Array(8)),
    "a tensor that is null": header((found) => (found.eye = null)),
    "a kind that every object has": header((found) => (found.eye.dtype = "constructor")),
    "a shape of two negative numbers": header((found) => (found.eye.shape = [-2, -2])),
    "a shape of halves": header((found) => (found.eye.shape = [0.5, 8])),
    "no shape": header((found) => delete found.eye.shape),
    "an end before the beginning": header((found) => (found.eye = { dtype: "F32", shape: [0], data_offsets: [8, 0] })),
    "a beginning before the file": header((found) => (found.eye = { dtype: "F32", shape: [2, 2], data_offsets: [-16, 0] })),
    "one stretch of bytes for many tensors": header((found) => {
      for (let i = 0; i < 1000; i++) found[`more${i}`] = { dtype: "U8", shape: [99], data_offsets: [1, 100] };
    }),
    "neither a shape nor a place": header((found) => (found.eye = { dtype: "U8", shape: [null], data_offsets: [false, 16] })),
    "inputs of one dimension": header((found) => (found.z.shape = [4])),
    "many inputs of nothing": header((found) => (found.z = { dtype: "F32", shape: [8, 0], data_offsets: [0, 0] })),
    "metadata that are no texts": header((found) => (found.__metadata__ = { layers: 3 })),
  };
  for (const [what, bytes] of Object.entries(refused)) assert.equal(works(bytes), false, what);
});

test("NaN and infinity are values like others", () => {
  const [text, body] = parts(whole());
  new Float32Array(body.buffer).fill(NaN);
  assert.equal(works(withHeader(text, body)), true);
});

test("bytes that are cut, flipped, put in and taken out", { skip }, () => {
  const bytes = whole();
  const at = fc.nat(bytes.length - 1);
  const change = fc.oneof(
    fc.record({ cut: at }),
    fc.record({ flip: fc.array(fc.tuple(at, fc.nat(7)), { minLength: 1, maxLength: 8 }) }),
    fc.record({ put: fc.tuple(at, fc.uint8Array({ maxLength: 16 })) }),
    fc.record({ take: fc.tuple(at, fc.nat(16)) }),
    fc.record({ length: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  );
  fc.assert(
    fc.property(change, ({ cut, flip, put, take, length }) => {
      let made = bytes.slice(0, cut ?? bytes.length);
      for (const [place, bit] of flip ?? []) made[place] ^= 1 << bit;
      if (put) made = Uint8Array.from([...made.subarray(0, put[0]), ...put[1], ...made.subarray(put[0])]);
      if (take) made = Uint8Array.from([...made.subarray(0, take[0]), ...made.subarray(take[0] + take[1])]);
      if (length !== undefined) new DataView(made.buffer).setBigUint64(0, length, true);
      works(made);
    }),
    runs,
  );
});

const value = () => fc.oneof(fc.constantFrom(...HOSTILE), fc.jsonValue({ maxDepth: 3 }));

test("headers that lie", { skip }, () => {
  const [text, body] = parts(whole());
  const header = JSON.parse(text);
  const somewhere = fc.constantFrom(...places(header));
  fc.assert(
    fc.property(fc.array(fc.tuple(somewhere, value()), { minLength: 1, maxLength: 3 }), (changes) => {
      let made = header;
      for (const [path, put] of changes) {
        try {
          made = changed(made, path, put);
        } catch {
          continue; // an earlier change took the place away
        }
      }
      works(withHeader(JSON.stringify(made) ?? "", body));
    }),
    runs,
  );
});

test("layer lists that lie", { skip }, () => {
  const somewhere = fc.constantFrom(...places(LAYERS));
  fc.assert(
    fc.property(fc.array(fc.tuple(somewhere, value()), { minLength: 1, maxLength: 3 }), (changes) => {
      let made = LAYERS;
      for (const [path, put] of changes) {
        try {
          made = changed(made, path, put);
        } catch {
          continue;
        }
      }
      works(whole(JSON.stringify(made) ?? ""));
    }),
    runs,
  );
});

test("any bytes at all", { skip }, () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void works(bytes)), runs);
});

test("any layer list is refused or evaluated", { skip }, () => {
  const layer = fc.record(
    {
      op: fc.constantFrom("linear", "leaky", "add", "sphere", "affine", "dance"),
      weight: fc.constantFrom("eye", "adding", "none", "reference"),
      bias: fc.constantFrom("eye", "none"),
      scale: fc.constantFrom("eye", "none"),
      shift: fc.constantFrom("none"),
      width: fc.oneof(fc.integer(), fc.constantFrom(0, 1, 2, 3)),
      slope: fc.double(),
      eps: fc.double(),
    },
    { requiredKeys: ["op"] },
  );
  fc.assert(
    fc.property(fc.nat(70_000), fc.array(layer, { maxLength: 300 }), fc.integer({ min: 1, max: 9 }), (inputs, layers, rows) => {
      try {
        const { n } = readNetworks(readTensors(pack(TENSORS, { layers: JSON.stringify({ format: 1, networks: { n: { inputs, layers } } }) })));
        assert.equal(n.run(new Float32Array(rows * inputs), rows).length, rows * n.outputs);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
      }
    }),
    runs,
  );
});

test("who waits for a pack that comes damaged is told, and one that comes whole is given", async () => {
  const key = "abcdefabcdefabcdefabcdef";
  const good = pack({ a: { shape: [1], values: [1] } }, { key });
  const waiting = takePack(key);
  keepPack(good.subarray(0, good.length - 2));
  await assert.rejects(waiting, Unreadable);
  await assert.rejects(takePack(key), Unreadable);
  keepPack(good);
  assert.equal((await takePack(key)).tensors.size, 1);
  keepPack(good.subarray(0, good.length - 2));
  assert.equal((await takePack(key)).tensors.size, 1);
  const other = takePack("000000000000000000000000");
  keepPack(new Uint8Array(3));
  await assert.rejects(other, /shorter/);
});
