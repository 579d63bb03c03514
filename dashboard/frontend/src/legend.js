/** What the colours mean: names with counts that isolate a category, or a scale. */

import { element, say } from "./dom.js";

/**
 * @typedef {{title: string, names: string[], colours: string[], scale: [number, number] | null}} Colours
 */

/**
 * @param {(index: number | null) => void} isolate a category is to be seen alone, or all again
 */
export function legend(isolate) {
  const whole = element("div", { class: "legend-line", role: "group" });
  /** @type {HTMLElement[]} */
  let counts = [];
  /** @type {HTMLButtonElement[]} */
  let buttons = [];
  let made = "";

  /** @param {Colours} colours */
  const build = (colours) => {
    const key = JSON.stringify(colours);
    if (key === made) return;
    made = key;
    whole.setAttribute("aria-label", colours.title);
    if (colours.scale) {
      const [low, high] = colours.scale;
      const bar = element("i", { class: "scale", style: `background:linear-gradient(to right,${colours.colours.slice(0, -1).join(",")})` });
      whole.replaceChildren(element("span", { class: "caption", text: colours.title }), element("span", { text: low.toFixed(2) }), bar, element("span", { text: high.toFixed(2) }));
      [counts, buttons] = [[], []];
      return;
    }
    counts = colours.names.map(() => element("span", { class: "count" }));
    buttons = colours.names.map((name, index) => {
      const button = element("button", { type: "button", class: "entry", "aria-pressed": "false", title: `Show ${name} alone` },
        element("i", { class: "dot", style: `background:${colours.colours[index]}` }), name, counts[index]);
      button.addEventListener("click", () => isolate(button.getAttribute("aria-pressed") === "true" ? null : index));
      return button;
    });
    whole.replaceChildren(...buttons);
  };

  /**
   * @param {Colours} colours
   * @param {Uint32Array} total rows of each category that the filters let pass
   * @param {Uint32Array | null} chosen selected ones, or nothing is selected
   * @param {number | null} alone the category that is isolated
   */
  const show = (colours, total, chosen, alone) => {
    build(colours);
    buttons.forEach((button, index) => {
      button.hidden = total[index] === 0 && index !== alone;
      button.setAttribute("aria-pressed", String(index === alone));
      say(counts[index], chosen ? `${chosen[index].toLocaleString("en")} / ${total[index].toLocaleString("en")}` : total[index].toLocaleString("en"));
    });
  };
  return { whole, show };
}
