/** What the windows of one talk tell one another: the step, the run and when the talk began. */

import { idOf } from "./deck_talk.js";

/**
 * @typedef {{run: string, step: number, started: number | null}} Told ``started`` in milliseconds since 1970
 * @typedef {Told & {talk: string, stage: boolean}} Message ``stage``: from the window that shows the steps
 */

export class Line {
  /**
   * @param {string} name windows of the same name can hear one another
   * @param {{talk: string | null, stage: boolean}} own the talk whose windows are heard; null, that of the first window
   *   with steps that is heard. ``stage``: this is the window with the steps, of which a talk has one
   * @param {(said: Told) => void} hear
   */
  constructor(name, { talk, stage }, hear) {
    this.talk = talk;
    this.stage = stage;
    this.hear = hear;
    /** What is answered to a window that asks where the talk is; null, nothing. */
    /** @type {() => Told | null} */
    this.answer = () => null;
    /** Another window shows the steps of a talk with the same id. */
    this.twin = () => {};
    this.channel = new BroadcastChannel(`mirage-talk:${name}`);
    this.channel.onmessage = ({ data }) => this.#came(data);
  }

  /** @param {any} data */
  #came(data) {
    if (isQuestion(data)) {
      const told = data.talk === null || data.talk === this.talk ? this.answer() : null;
      if (told) this.say(told);
      return;
    }
    if (!isMessage(data)) return;
    if (this.talk === null && data.stage) this.talk = data.talk;
    if (data.talk !== this.talk) return;
    if (this.stage && data.stage) this.twin();
    else this.hear({ run: data.run, step: data.step, started: data.started });
  }

  /** @param {Told} told */
  say(told) {
    if (this.talk !== null) this.channel.postMessage({ ...told, talk: this.talk, stage: this.stage });
  }

  ask() {
    this.channel.postMessage({ where: true, talk: this.talk });
  }

  close() {
    this.channel.close();
  }
}

/** @param {any} said @returns {said is {where: true, talk: string | null}} */
function isQuestion(said) {
  return typeof said === "object" && said !== null && said.where === true && (said.talk === null || idOf(said.talk) !== null);
}

/** @param {any} said @returns {said is Message} */
function isMessage(said) {
  return typeof said === "object" && said !== null && typeof said.run === "string" && Number.isInteger(said.step)
    && said.step >= 0 && (said.started === null || Number.isFinite(said.started))
    && idOf(said.talk) !== null && typeof said.stage === "boolean";
}
