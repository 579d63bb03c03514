/** What a report does once it is open: its map, its clips and its lab. All of it lies in the page; nothing is fetched. */

import { element } from "./dom.js";
import { ReportLab } from "./report_lab.js";
import { clipPlayer, ReportMap } from "./report_map.js";
import { readTensors } from "./tensors.js";

/** @param {string} id of a data block @returns {string} its content */
function content(id) {
  return document.getElementById(id)?.textContent?.trim() ?? "";
}

/** @param {string} text in base 64 @returns {Uint8Array<ArrayBuffer>} */
function bytesOf(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/** @typedef {{map: import("./report_map.js").MapData | null, lab: import("./report_lab.js").LabData | null, sound: string}} Data */

/**
 * What goes wrong is one line in its place; the rest of the report stays.
 *
 * @template T
 * @param {string} id of the place
 * @param {(host: HTMLElement) => T} make
 * @returns {T | null}
 */
function part(id, make) {
  const host = document.getElementById(id);
  if (!host) return null;
  try {
    return make(host);
  } catch (error) {
    console.error(error);
    host.replaceChildren(element("p", { class: "fault", role: "alert", text: `This cannot be drawn here: ${error instanceof Error ? error.message : error}. The rest of the report does without it.` }));
    return null;
  }
}

function start() {
  const data = /** @type {Data} */ (JSON.parse(content("report-data")));
  document.documentElement.classList.add("live");
  /** @type {(clip: number) => void} */
  let play = () => undefined;
  const map = part("map", (host) => (data.map ? new ReportMap(host, readTensors(bytesOf(content("map-pack"))), data.map, (clip) => play(clip)) : null));
  if (data.map?.clips.length) {
    const { clips } = data.map;
    const sounds = /** @type {string[]} */ (JSON.parse(content("clip-pack")));
    /** @type {Map<number, string>} */
    const made = new Map();
    const sound = (/** @type {number} */ clip) => {
      const held = made.get(clip) ?? URL.createObjectURL(new Blob([bytesOf(sounds[clip])], { type: data.sound }));
      made.set(clip, held);
      return held;
    };
    play = part("clips", (host) => clipPlayer(host, clips, sound, (clip) => map?.mark(clip))) ?? play;
  }
  const lab = part("lab", (host) => (data.lab ? new ReportLab(host, readTensors(bytesOf(content("lab-pack"))), data.lab) : null));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    map?.shade();
    lab?.shade();
  });
  printing();
}

/** On paper nothing unfolds: what is folded is opened for it. */
function printing() {
  /** @type {HTMLDetailsElement[]} */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details")].filter((one) => !one.open);
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
}

start();
