/** The line of tools above the map of the aligned space. */

import { element } from "./dom.js";

/**
 * @typedef {{mode: (name: string) => void, density: (on: boolean) => void, names: (on: boolean) => void, fit: () => void,
 *   whole: () => void, zoom: (factor: number) => void, picture: () => void}} Acts what the tools do
 */

/** @type {[string, string, import("./map_view.js").Tool][]} */
const TOOLS = [
  ["✥ Move", "Drag moves the map", "pan"],
  ["⌇ Lasso", "Draw around points to select them; Shift adds, Alt takes away", "lasso"],
  ["▭ Box", "Draw a box to select points; Shift adds, Alt takes away", "box"],
];
const MODES = [
  ["New", "What is drawn replaces the selection", "new"],
  ["Add", "What is drawn is added (Shift)", "add"],
  ["Remove", "What is drawn is taken away (Alt)", "remove"],
];

/** @param {import("./map_view.js").MapView} view @param {Acts} acts @returns {HTMLElement} */
export function spaceTools(view, acts) {
  let mode = "new";
  const tools = TOOLS.map(([text, help, kind]) =>
    button(text, help, kind, () => {
      view.tool = kind;
      show();
    }));
  const modes = MODES.map(([text, help, name]) =>
    button(text, help, name, () => {
      acts.mode((mode = name));
      show();
    }));
  const show = () => {
    TOOLS.forEach(([, , kind], index) => tools[index].setAttribute("aria-pressed", String(view.tool === kind)));
    MODES.forEach(([, , name], index) => {
      // Not hidden: the map below would move.
      modes[index].disabled = view.tool === "pan";
      modes[index].setAttribute("aria-pressed", String(mode === name));
    });
    view.whole.dataset.tool = view.tool;
  };
  show();
  return element("div", { class: "bar-line", role: "toolbar", "aria-label": "Map" },
    element("span", { class: "group" }, ...tools),
    element("span", { class: "group" }, ...modes),
    element("span", { class: "group" },
      toggle("Density", "Lines of equal density of what is shown", "density", false, acts.density),
      toggle("Names", "The name of each category at its middle", "names", true, acts.names)),
    element("span", { class: "group" },
      button("To selection", "Zoom to what is selected, or to the picked point and its neighbours", "fit", acts.fit),
      button("Whole map", "Everything (key 0)", "whole", acts.whole),
      button("+", "Nearer (key +)", "nearer", () => acts.zoom(1.4)),
      button("−", "Farther (key -)", "farther", () => acts.zoom(1 / 1.4))),
    element("span", { class: "group" }, button("PNG", "The map as a picture", "png", acts.picture)));
}

/** @param {string} text @param {string} help @param {string} name @param {() => void} act */
function button(text, help, name, act) {
  const made = element("button", { type: "button", class: "quiet", title: help, text, "data-tool": name });
  made.addEventListener("click", act);
  return made;
}

/** @param {string} text @param {string} help @param {string} name @param {boolean} start @param {(on: boolean) => void} act */
function toggle(text, help, name, start, act) {
  let on = start;
  const made = button(text, help, name, () => {
    on = !on;
    made.setAttribute("aria-pressed", String(on));
    act(on);
  });
  made.setAttribute("aria-pressed", String(on));
  return made;
}
