/** What the windows of one talk tell one another: the step, the run and when the talk began. */

/** @typedef {{run: string, step: number, started: number | null}} Told ``started`` in milliseconds since 1970 */

export class Line {
  /**
   * @param {string} name windows of the same name hear one another
   * @param {(said: Told) => void} hear
   */
  constructor(name, hear) {
    this.hear = hear;
    /** What is answered to a window that asks where the talk is; null, nothing. */
    /** @type {() => Told | null} */
    this.answer = () => null;
    this.channel = new BroadcastChannel(`mirage-talk:${name}`);
    this.channel.onmessage = ({ data }) => {
      if (data === "where") {
        const told = this.answer();
        if (told) this.say(told);
      } else if (isTold(data)) this.hear(data);
    };
  }

  /** @param {Told} told */
  say(told) {
    this.channel.postMessage(told);
  }

  ask() {
    this.channel.postMessage("where");
  }

  close() {
    this.channel.close();
  }
}

/** @param {any} said @returns {said is Told} */
function isTold(said) {
  return typeof said === "object" && said !== null && typeof said.run === "string" && Number.isInteger(said.step)
    && said.step >= 0 && (said.started === null || Number.isFinite(said.started));
}
