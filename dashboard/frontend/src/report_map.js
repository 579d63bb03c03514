/** The report's map: every utterance as a point, what lies under the pointer in words, and clips to hear. */

import { element, say } from "./dom.js";
import { legend } from "./legend.js";
import { MapView } from "./map_view.js";
import { label, ring, star } from "./marks.js";
import { nearest, screenOf } from "./picking.js";
import { NOWHERE, placeOf } from "./places.js";
import css from "./report_part.css";
import look from "./space.css";
import { Unreadable } from "./tensors.js";
import { themeOf } from "./theme.js";

/**
 * @typedef {{row: number, name: string, about: string, said: string}} Clip ``row`` of the map
 * @typedef {{frame: import("./camera.js").Frame, rows: number, colours: import("./legend.js").Colours,
 *   generated: {x: number, y: number, colour: number, asked: string, predicted: string}[], clips: Clip[],
 *   parts: string[]}} MapData what dashboard/report/map_part.py writes
 */

const REACH = 14;
/** Categories of which the names fit on the map. */
const MOST_NAMES = 12;
/** Points above which drawing without the graphics card is felt. */
const MANY = 5000;

export class ReportMap {
  /**
   * @param {HTMLElement} host
   * @param {import("./tensors.js").Packed} pack ``audio`` and, where there is any, ``text`` (n, 2); ``paint`` (n,)
   * @param {MapData} data
   * @param {(clip: number) => void} play
   */
  constructor(host, pack, data, play) {
    this.host = host;
    this.data = data;
    this.play = play;
    this.theme = themeOf(host);
    /** @type {string[][]} id, emotion, speaker and part, transcript of each row */
    this.words = JSON.parse(pack.metadata.words ?? "[]");
    const paint = pack.tensors.get("paint")?.values;
    if (!(paint instanceof Uint8Array) || paint.length !== data.rows) throw new Unreadable("the map's colours are missing");
    this.paint = paint;
    this.clouds = ["audio", "text"].flatMap((name, shape) => {
      const places = pack.tensors.get(name)?.values;
      if (!(places instanceof Uint16Array)) return [];
      if (places.length !== 2 * data.rows) throw new Unreadable("the map's points are not as many as its rows");
      return [{ places, paint: paint.slice(), light: new Uint8Array(data.rows).fill(2), shape }];
    });
    /** What is shown: recordings, transcripts, generated features, clips. */
    this.shown = { audio: true, text: true, generated: true };
    /** @type {number | null} a category that is seen alone */
    this.alone = null;
    /** @type {(number[] | null)[] | undefined} */
    this.middles = undefined;
    /** @type {number | null} the clip that is playing */
    this.playing = null;
    this.clipOf = new Map(data.clips.map(({ row }, index) => [row, index]));
    this.legend = legend((index) => {
      this.alone = index;
      this.light();
    });
    this.tip = element("div", { class: "tip", hidden: true });
    this.view = new MapView(data.frame, "Map of all utterances. Arrow keys move it, + and - zoom, 0 shows the whole", {
      overlay: (context) => this.#above(context),
      hover: (left, top) => this.#hover(left, top),
      leave: () => (this.tip.hidden = true),
      click: (left, top) => this.#click(left, top),
    });
    this.view.whole.append(this.tip);
    this.view.setClouds(this.clouds);
    this.view.points.setPalette(data.colours.colours);
    const plain = this.view.points.kind === "canvas";
    const root = element("div", { class: "space" }, this.#tools(), this.view.whole, this.legend.whole,
      plain && data.rows > MANY ? element("p", { class: "note", text: "This browser draws without the graphics card (no WebGL): the map moves slowly." }) : "");
    host.attachShadow({ mode: "open" }).append(element("style", { text: look + css }), root);
    calmWheel(root, this.view.whole);
    this.light();
    root.dataset.ready = "1";
  }

  /** The page has become light or dark. */
  shade() {
    this.theme = themeOf(this.host);
    this.view.redraw();
  }

  /** @param {number | null} clip */
  mark(clip) {
    this.playing = clip;
    this.view.drawAbove();
  }

  /** Which points are to be seen, and how many of each category. */
  light() {
    const { data, paint, alone } = this;
    const total = new Uint32Array(data.colours.names.length);
    for (let i = 0; i < data.rows; i++) total[paint[i]] += 1;
    for (const cloud of this.clouds) {
      const on = cloud.shape === 0 ? this.shown.audio : this.shown.text;
      for (let i = 0; i < data.rows; i++) cloud.light[i] = on ? (alone === null || paint[i] === alone ? 2 : 1) : 0;
    }
    this.view.points.repaint();
    this.view.redraw();
    this.legend.show(data.colours, total, null, alone);
  }

  #tools() {
    const kinds = [["audio", "● Recordings"], ["text", "◆ Transcripts"], ["generated", "★ Generated"]];
    const toggles = kinds.filter(([name]) => this.data.parts.includes(name)).map(([name, text]) => {
      const key = /** @type {"audio" | "text" | "generated"} */ (name);
      const button = element("button", { type: "button", "aria-pressed": "true", text });
      button.addEventListener("click", () => {
        this.shown[key] = !this.shown[key];
        button.setAttribute("aria-pressed", String(this.shown[key]));
        this.light();
      });
      return button;
    });
    const act = (/** @type {string} */ text, /** @type {string} */ name, /** @type {() => void} */ does) => {
      const button = element("button", { type: "button", text, "aria-label": name });
      button.addEventListener("click", () => {
        does();
        this.view.redraw();
      });
      return button;
    };
    const { camera } = this.view;
    return element("div", { class: "bar-line", role: "toolbar", "aria-label": "Map" },
      element("span", { class: "group" }, ...toggles),
      element("span", { class: "group" }, act("Whole map", "Whole map", () => camera.fit(camera.whole)),
        act("+", "Nearer", () => camera.zoom(1.5)), act("−", "Farther", () => camera.zoom(1 / 1.5))));
  }

  /** @param {number} left @param {number} top */
  #at(left, top) {
    const screen = screenOf(this.view.camera, this.data.frame);
    let best = REACH;
    let found = null;
    for (const cloud of this.clouds) {
      const { row, far } = nearest(cloud, screen, left, top, best);
      if (row >= 0) [best, found] = [far, { row, text: cloud.shape === 1 }];
    }
    return found;
  }

  /** The clip whose ring lies under a place; rings are larger than points. @param {number} left @param {number} top */
  #clipAt(left, top) {
    const { camera } = this.view;
    let best = REACH;
    let found = null;
    this.data.clips.forEach(({ row }, index) => {
      const at = this.#place(row);
      if (!at) return;
      const far = Math.hypot(camera.across(at[0]) - left, camera.down(at[1]) - top);
      if (far < best) [best, found] = [far, index];
    });
    return found;
  }

  /** @param {number} row @returns {[number, number] | null} of the recording, where it is shown */
  #place(row) {
    const cloud = this.clouds[0];
    return cloud && cloud.light[row] === 2 && cloud.places[2 * row] !== NOWHERE ? placeOf(cloud, row, this.data.frame) : null;
  }

  /** @param {number} left @param {number} top */
  #click(left, top) {
    const clip = this.#clipAt(left, top);
    if (clip !== null) this.play(clip);
    // A finger does not hover: a tap shows what is there.
    this.#hover(left, top);
  }

  /** @param {number} left @param {number} top */
  #hover(left, top) {
    const { tip, view, data } = this;
    const clip = this.#clipAt(left, top);
    const found = clip === null ? this.#at(left, top) : { row: data.clips[clip].row, text: false };
    const made = found ? null : this.#generatedAt(left, top);
    tip.hidden = !found && !made;
    view.whole.style.cursor = clip === null ? "" : "pointer";
    if (found) {
      const [id, emotion, who, said] = this.words[found.row] ?? [`utterance ${found.row + 1}`, data.colours.names[this.paint[found.row]] ?? "", "", ""];
      tip.replaceChildren(element("strong", { text: id }), element("span", { text: [emotion, who, found.text ? "transcript" : "recording"].filter(Boolean).join(" · ") }),
        said ? element("span", { text: said }) : "", clip === null ? "" : element("em", { text: "▶ click to hear it" }));
    } else if (made) {
      tip.replaceChildren(element("strong", { text: "generated" }), element("span", { text: `asked for: ${made.asked}; recognised as: ${made.predicted}` }));
    }
    if (tip.hidden) return;
    tip.style.left = `${Math.max(Math.min(left + 14, view.camera.width - 220), 4)}px`;
    tip.style.top = `${Math.max(Math.min(top - 10, view.camera.height - 90), 4)}px`;
  }

  /** @param {number} left @param {number} top */
  #generatedAt(left, top) {
    const { camera } = this.view;
    return this.shown.generated ? this.data.generated.find(({ x, y }) => Math.hypot(camera.across(x) - left, camera.down(y) - top) < REACH) : undefined;
  }

  /** @param {CanvasRenderingContext2D} context */
  #above(context) {
    const { data, theme } = this;
    const { camera } = this.view;
    if (this.shown.generated) {
      for (const { x, y, colour } of data.generated) {
        if (this.alone === null || this.alone === colour) star(context, camera.across(x), camera.down(y), 7, data.colours.colours[colour] ?? theme.muted, theme.background);
      }
    }
    data.clips.forEach(({ row }, index) => {
      const at = this.#place(row);
      if (!at) return;
      const [left, top] = [camera.across(at[0]), camera.down(at[1])];
      ring(context, left, top, index === this.playing ? 11 : 7.5, index === this.playing ? theme.accent : theme.text, index === this.playing ? 3 : 1.6);
    });
    if (data.colours.names.length > MOST_NAMES) return;
    this.middles ??= this.#middles();
    this.middles.forEach((middle, index) => {
      if (middle && (this.alone === null || this.alone === index)) label(context, data.colours.names[index], camera.across(middle[0]), camera.down(middle[1]), theme);
    });
  }

  /** The median place of each category's recordings. @returns {(number[] | null)[]} */
  #middles() {
    const cloud = this.clouds[0];
    /** @type {[number[], number[]][]} */
    const held = this.data.colours.names.map(() => [[], []]);
    for (let i = 0; cloud && i < this.data.rows; i++) {
      if (cloud.places[2 * i] === NOWHERE) continue;
      placeOf(cloud, i, this.data.frame).forEach((value, axis) => held[this.paint[i]]?.[axis].push(value));
    }
    const median = (/** @type {number[]} */ values) => values.sort((a, b) => a - b)[values.length >> 1];
    return held.map(([x, y]) => (x.length ? [median(x), median(y)] : null));
  }
}

/**
 * A page that is scrolled past a map must not stick to it: the wheel zooms only where the map was clicked, or with Ctrl.
 *
 * @param {HTMLElement} root around the map
 * @param {HTMLElement} map
 */
export function calmWheel(root, map) {
  root.addEventListener(
    "wheel",
    (event) => {
      const active = /** @type {ShadowRoot | Document} */ (root.getRootNode()).activeElement;
      if (active !== map && !event.ctrlKey && event.composedPath().includes(map)) event.stopPropagation();
    },
    { capture: true },
  );
}

/**
 * The player and the list of clips, which is also the way to them without a pointer.
 *
 * @param {HTMLElement} host
 * @param {Clip[]} clips
 * @param {(clip: number) => string} sound the address of a clip's sound
 * @param {(clip: number | null) => void} playing
 * @returns {(clip: number) => void} plays one
 */
export function clipPlayer(host, clips, sound, playing) {
  const now = element("p", { class: "now", "aria-live": "polite", text: "Choose a clip from the list, or a ringed point on the map." });
  const audio = element("audio", { controls: true, preload: "none", "aria-label": "Player of the chosen clip" });
  audio.addEventListener("ended", () => playing(null));
  const buttons = clips.map(({ name, about }, index) => {
    const button = element("button", { type: "button", "aria-pressed": "false" }, element("strong", { text: name }), " ", element("span", { text: about }));
    button.addEventListener("click", () => play(index));
    return button;
  });
  const play = (/** @type {number} */ index) => {
    const { name, about, said } = clips[index];
    say(now, [name, about, said && `“${said}”`].filter(Boolean).join(" · "));
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(place === index)));
    audio.src = sound(index);
    playing(index);
    // A browser may refuse sound that nobody asked for; the player is there to be pressed.
    audio.play().catch(() => undefined);
  };
  host.append(element("div", { class: "player" }, now, audio),
    element("ul", { class: "clips" }, ...buttons.map((button) => element("li", {}, button))));
  return play;
}
