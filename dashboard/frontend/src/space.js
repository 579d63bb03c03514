/** The map of the aligned space: audio, text and generated features, selected by hand and by Python. */

import { element, say } from "./dom.js";
import { legend } from "./legend.js";
import { MapView } from "./map_view.js";
import { takePack } from "./packs.js";
import { markInside, nearest, packed, screenOf, unpacked, unpackedBits } from "./picking.js";
import { NOWHERE, placeOf } from "./places.js";
import css from "./space.css";
import { drawSpace } from "./space_marks.js";
import { spaceTools } from "./space_tools.js";
import { Unreadable } from "./tensors.js";
import { hostOf, themeOf } from "./theme.js";
import { MANY as THIN, thinned } from "./thinning.js";

/**
 * @typedef {{token: string, pack: string, paint: string, words: string | null, run: string, frame: import("./camera.js").Frame,
 *   whole: import("./camera.js").Frame, rows: number, colours: import("./legend.js").Colours, show: {audio: boolean, text: boolean, pairs: boolean},
 *   generated: {x: number, y: number, colour: number, asked: string, predicted: string}[],
 *   own: {x: number, y: number, text: boolean, name: string}[],
 *   selected: string, picked: number | null, near: number[], seen: number, view: number[] | null}} SpaceData what
 *   dashboard/space/component.py sends
 * @typedef {import("./space_marks.js").Scene} Scene
 */

const REACH = 12;
const VIEW_RESTS = 500;
const MANY = 30000;
const ANSWER_FIRST = 120;

export class Space {
  /** @param {ShadowRoot | HTMLElement} parent */
  constructor(parent) {
    this.host = hostOf(parent);
    this.root = element("div", { class: "space" });
    parent.append(element("style", { text: css }), this.root);
    this.theme = themeOf(this.host);
    /** @type {SpaceData | null} */
    this.data = null;
    /** @type {MapView | null} */
    this.view = null;
    this.sent = 0;
    this.turn = 0;
    /** What was drawn by hand is added to the selection, taken from it, or replaces it. */
    this.mode = "new";
    /** @type {number | null} */
    this.alone = null;
    this.contours = false;
    this.labels = true;
    /** @type {[number, number][]} */
    this.line = [];
    /** @type {{row: number, text: boolean} | null} */
    this.under = null;
    /** @type {Uint8Array} */
    this.selected = new Uint8Array(0);
    /** The same as Python and the browser tell it to one another. */
    this.selectedText = "";
    /** What the points were drawn from. */
    this.drawn = "";
    this.count = 0;
    /** @type {string | null} */
    this.wordsKey = null;
    /** @type {string[][] | undefined} id, emotion, speaker and part, transcript of each row */
    this.words = undefined;
    /** @type {(number[] | null)[] | undefined} */
    this.middles = undefined;
    /** @type {number | null} */
    this.picked = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.resting = undefined;
    this.legend = legend((index) => {
      this.alone = index;
      this.#light();
      this.view?.redraw();
    });
  }

  /** @param {SpaceData} data @param {(name: string, value: unknown) => void} send */
  async update(data, send) {
    const turn = ++this.turn;
    this.send = send;
    const [pack, paint] = await Promise.all([takePack(data.pack), takePack(data.paint)]);
    if (turn !== this.turn) return;
    this.theme = themeOf(this.host);
    if (this.data?.pack !== data.pack || !this.view) {
      this.#build(pack, data);
      [this.selected, this.selectedText] = [new Uint8Array(data.rows), ""];
      // The tools are new and begin as they look.
      Object.assign(this, { mode: "new", alone: null, contours: false, labels: true, line: [], under: null, drawn: "" });
    }
    if (this.view) this.view.camera.whole = data.whole;
    // Another run, or a server that has forgotten this page, counts from its own beginning.
    if (this.data?.token !== data.token) [this.sent, this.selectedText] = [data.seen, "?"];
    if (JSON.stringify(this.data?.colours.names) !== JSON.stringify(data.colours.names)) this.alone = null;
    const codes = paint.tensors.get("paint")?.values;
    const bits = paint.tensors.get("shown")?.values;
    if (!(codes instanceof Uint8Array) || !(bits instanceof Uint8Array)) throw new Unreadable("the map's colours are missing");
    if (codes.length !== data.rows || 8 * bits.length < data.rows) throw new Unreadable("the map's colours are not as many as its rows");
    this.codes = codes;
    this.passed = unpackedBits(bits, data.rows);
    this.data = data;
    if (data.words !== this.wordsKey) {
      this.wordsKey = data.words;
      this.words = undefined;
      if (data.words) {
        // Without them the map is drawn all the same.
        takePack(data.words).then((found) => (this.words = JSON.parse(found.metadata.words))).catch(console.error);
      }
    }
    const held = this.selectedText;
    if (data.seen >= this.sent) {
      if (data.selected !== held) this.selected = data.selected ? unpacked(data.selected, data.rows) : new Uint8Array(data.rows);
      this.selectedText = data.selected;
      this.picked = data.picked;
      this.sent = data.seen;
    }
    // To draw all points takes long where there is no graphics card: not for an answer that changes none of them.
    const points = JSON.stringify([data.pack, data.paint, data.colours, data.show, this.theme]);
    if (points !== this.drawn || this.selectedText !== held) {
      this.drawn = points;
      for (const cloud of this.clouds ?? []) cloud.paint.set(codes);
      this.view?.points.setPalette(data.colours.colours);
      this.#light();
      this.view?.frames.now();
    } else this.view?.drawAbove();
    if (!this.root.dataset.ready) {
      this.root.dataset.ready = "1";
      performance.mark("mirage:ready");
    }
  }

  remove() {
    this.turn += 1;
    clearTimeout(this.resting);
    this.view?.remove();
    this.root.remove();
  }

  /** @param {import("./tensors.js").Packed} pack @param {SpaceData} data */
  #build(pack, data) {
    this.view?.remove();
    this.clouds = cloudsOf(pack, data.rows);
    this.tip = element("div", { class: "tip", hidden: true });
    this.note = element("span", { class: "note", hidden: true });
    const view = new MapView(data.frame, "Map of the aligned space. Arrow keys move it, + and - zoom, Escape clears the selection", {
      overlay: (context) => this.data && drawSpace(context, /** @type {Scene} */ (this)),
      hover: (left, top) => this.#hover(left, top),
      leave: () => this.#hover(-1e6, -1e6),
      click: (left, top, event) => this.#click(left, top, event),
      area: (line, event, done) => this.#area(line, event, done),
      escape: () => this.#choose(new Uint8Array(data.rows), null),
      moved: () => this.#viewMoved(),
      resized: () => {
        this.theme = themeOf(this.host);
        this.#thin();
      },
    });
    this.view = view;
    view.setClouds(this.clouds);
    if (data.view?.length === 3) {
      const [x, y, zoom] = data.view;
      view.camera.centre = [x, y];
      view.camera.scale = zoom * view.camera.least;
    }
    this.root.replaceChildren(
      spaceTools(view, {
        mode: (name) => (this.mode = name),
        density: (on) => {
          this.contours = on;
          view.drawAbove();
        },
        names: (on) => {
          this.labels = on;
          view.drawAbove();
        },
        fit: () => this.#fit(),
        whole: () => view.fit(/** @type {SpaceData} */ (this.data).whole),
        zoom: (factor) => this.#zoom(factor),
        picture: () => view.picture("aligned-space.png", this.theme.background),
      }),
      // Counts grow and take another line: below the map they do not move it.
      view.whole, this.legend.whole, element("span", { class: "caption", text: "● audio   ◆ text   ★ generated" }), this.note);
    view.whole.append(this.tip);
  }

  /** Which points are hidden, muted and bright. */
  #light() {
    const { data, codes, passed, clouds, view } = this;
    if (!data || !codes || !passed || !clouds || !view) return;
    this.count = this.selected.reduce((sum, mark) => sum + mark, 0);
    const colours = data.colours.colours.length;
    const total = new Uint32Array(colours);
    const chosen = new Uint32Array(colours);
    for (const cloud of clouds) {
      const on = cloud.shape === 0 ? data.show.audio : data.show.text;
      for (let i = 0; i < data.rows; i++) {
        const shown = on && passed[i] && (this.alone === null || codes[i] === this.alone);
        cloud.light[i] = !shown ? 0 : this.count && !this.selected[i] ? 1 : 2;
      }
    }
    for (let i = 0; i < data.rows; i++) {
      if (!passed[i]) continue;
      total[codes[i]] += 1;
      if (this.selected[i]) chosen[codes[i]] += 1;
    }
    this.#thin();
    this.legend.show(data.colours, total, this.count ? chosen : null, this.alone);
    this.middles = undefined;
  }

  /** Of very many points those are drawn that can be told apart on the screen as it is now, and it is said. */
  #thin() {
    const { data, clouds, view } = this;
    if (!data || !clouds || !view || !this.note) return;
    let [shown, left] = [0, 0];
    for (const { light } of clouds) for (let i = 0; i < light.length; i++) if (light[i]) shown += 1;
    const screen = screenOf(view.camera, data.frame);
    for (const cloud of clouds) {
      const made = shown > THIN ? thinned(cloud, screen, view.camera.width, view.camera.height, data.colours.colours.length) : null;
      cloud.drawn = made?.drawn;
      left += made?.left ?? 0;
    }
    view.points.repaint();
    this.note.hidden = shown <= THIN;
    say(this.note, `${shown.toLocaleString("en")} points: of those with one colour on one spot of the screen one is drawn (${left.toLocaleString("en")} are covered). All are counted, found and selected.`);
  }

  /** @param {Uint8Array} selected @param {number | null} picked */
  #choose(selected, picked) {
    this.selected = selected;
    this.picked = picked;
    this.sent += 1;
    const text = selected.some((mark) => mark === 1) ? packed(selected) : "";
    this.send?.("chosen", { selected: text, picked, seq: this.sent, run: this.data?.run });
    if (text === this.selectedText) {
      this.view?.drawAbove();
      return;
    }
    this.selectedText = text;
    this.#light();
    // To draw very many points takes long where there is no graphics card: the answer of Python comes first.
    setTimeout(() => this.view?.redraw(), selected.length > MANY ? ANSWER_FIRST : 0);
  }

  /** @param {PointerEvent} event */
  #way(event) {
    return event.shiftKey ? "add" : event.altKey ? "remove" : this.mode;
  }

  /** @param {[number, number][]} line @param {PointerEvent} event @param {boolean} done */
  #area(line, event, done) {
    this.line = done ? [] : line;
    if (!done || !line.length || !this.view || !this.data) {
      this.view?.drawAbove();
      return;
    }
    const inside = new Uint8Array(this.data.rows);
    const screen = screenOf(this.view.camera, this.data.frame);
    for (const cloud of this.clouds ?? []) markInside(cloud, screen, line, inside);
    const way = this.#way(event);
    if (way !== "new") for (let i = 0; i < inside.length; i++) inside[i] = way === "add" ? inside[i] | this.selected[i] : this.selected[i] & ~inside[i];
    const kept = this.picked !== null && inside[this.picked] ? this.picked : null;
    this.#choose(inside, kept);
  }

  /** @param {number} left @param {number} top @param {PointerEvent} event */
  #click(left, top, event) {
    const found = this.#at(left, top);
    const adding = this.#way(event) === "add";
    if (!found) {
      if (!adding && (this.picked !== null || this.count)) this.#choose(new Uint8Array(this.data?.rows ?? 0), null);
      return;
    }
    // A click shows one utterance; the selection stays, but for one that is added to it.
    const selected = this.selected.slice();
    if (adding) selected[found.row] = 1;
    this.#choose(selected, found.row);
  }

  /** @param {number} left @param {number} top @returns {{row: number, text: boolean} | null} */
  #at(left, top) {
    if (!this.view || !this.data) return null;
    const screen = screenOf(this.view.camera, this.data.frame);
    let best = REACH;
    let found = null;
    for (const cloud of this.clouds ?? []) {
      const { row, far } = nearest(cloud, screen, left, top, best);
      if (row >= 0) [best, found] = [far, { row, text: cloud.shape === 1 }];
    }
    return found;
  }

  /** @param {number} left @param {number} top */
  #hover(left, top) {
    const { data, tip, view } = this;
    if (!data || !tip || !view) return;
    const found = this.#at(left, top);
    const made = found ? null : this.#generatedAt(left, top);
    tip.hidden = !found && !made;
    if (found) {
      const [id, emotion, who, said] = this.words?.[found.row] ?? [`row ${found.row + 1}`, data.colours.names[this.codes?.[found.row] ?? 0] ?? "", "", ""];
      tip.replaceChildren(element("strong", { text: id }), element("span", { text: [emotion, who, found.text ? "text" : "audio"].filter(Boolean).join(" · ") }), element("span", { text: said }));
    } else if (made) {
      tip.replaceChildren(element("strong", { text: "generated" }), element("span", { text: `asked: ${made.asked}, recognised as ${made.predicted}` }));
    }
    if (!tip.hidden) {
      const wide = view.camera.width;
      tip.style.left = `${Math.min(left + 14, wide - 220)}px`;
      tip.style.top = `${Math.max(top - 10, 4)}px`;
    }
    if (found?.row !== this.under?.row || found?.text !== this.under?.text) {
      this.under = found;
      view.drawAbove();
    }
  }

  /** @param {number} left @param {number} top */
  #generatedAt(left, top) {
    const camera = this.view?.camera;
    return camera && this.data?.generated.find(({ x, y }) => Math.hypot(camera.across(x) - left, camera.down(y) - top) < REACH);
  }

  #viewMoved() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const { camera } = /** @type {MapView} */ (this.view);
      if (this.clouds?.some(({ drawn }) => drawn)) {
        this.#thin();
        this.view?.redraw();
      }
      const shown = [...camera.centre, camera.scale / camera.least].map((value) => Math.round(1e4 * value) / 1e4);
      this.send?.("view", { view: shown, run: this.data?.run });
      // Not by Streamlit, for which each address is a page to go back to.
      const address = new URL(location.href);
      address.searchParams.set("view", shown.join(","));
      history.replaceState(history.state, "", address);
    }, VIEW_RESTS);
  }

  /** @param {number} factor */
  #zoom(factor) {
    this.view?.camera.zoom(factor);
    this.#viewMoved();
    this.view?.redraw();
  }

  #fit() {
    const { data, view } = this;
    if (!data || !view) return;
    const wanted = this.count ? (/** @type {number} */ i) => this.selected[i] === 1 : (/** @type {number} */ i) => i === this.picked || data.near.includes(i);
    let [a, b, c, d] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const cloud of this.clouds ?? []) {
      for (let i = 0; i < data.rows; i++) {
        if (!cloud.light[i] || !wanted(i) || cloud.places[2 * i] === NOWHERE) continue;
        const [x, y] = placeOf(cloud, i, data.frame);
        [a, b, c, d] = [Math.min(a, x), Math.max(b, x), Math.min(c, y), Math.max(d, y)];
      }
    }
    if (!Number.isFinite(a)) return;
    const pad = Math.max(0.06 * Math.max(b - a, d - c), 0.01 * (data.frame[1] - data.frame[0]));
    view.fit([a - pad, b + pad, c - pad, d + pad]);
  }
}

/**
 * The points of both modalities; colours and light are filled in later.
 *
 * @param {import("./tensors.js").Packed} pack
 * @param {number} rows
 * @returns {import("./places.js").Cloud[]}
 */
function cloudsOf(pack, rows) {
  return ["audio", "text"].flatMap((name, shape) => {
    const places = pack.tensors.get(name)?.values;
    if (!(places instanceof Uint16Array)) return [];
    if (places.length !== 2 * rows) throw new Unreadable("the map's points are not as many as its rows");
    return [{ places, paint: new Uint8Array(rows), light: new Uint8Array(rows), shape }];
  });
}
