/** What the run says of what is generated, beside the map while a code moves. */

import { clamp, element, say, signed } from "./dom.js";

/**
 * @typedef {{upto: number | null, says: string}[]} Words what a value up to a bound means; the last has no bound
 */

/** @param {Words} words @param {number} value @returns {string} */
export function meaning(words, value) {
  return (words.find(({ upto }) => upto === null || value <= upto) ?? words[words.length - 1]).says;
}

/**
 * A bar for each emotion: the mean over all samples, and a ring for the sample looked at.
 *
 * @param {string[]} classes
 * @param {string[]} colours
 */
export function posteriorBars(classes, colours) {
  const rows = classes.map((name, index) => {
    const bar = element("i", { class: "bar", style: `background:${colours[index]}` });
    const ring = element("i", { class: "ring" });
    const value = element("span", { class: "value" });
    const row = element("div", { class: "row" }, element("span", { class: "name", text: name }), element("span", { class: "track" }, bar, ring), value);
    return { bar, ring, value, row };
  });
  const whole = element(
    "div",
    { class: "bars", role: "img", "aria-label": "Probability of each emotion, mean over all samples" },
    ...rows.map(({ row }) => row),
  );
  /** @param {Float32Array} posterior (count, k) @param {number} sample */
  const show = (posterior, sample) => {
    const k = classes.length;
    const count = posterior.length / k;
    rows.forEach(({ bar, ring, value }, index) => {
      let sum = 0;
      for (let at = index; at < posterior.length; at += k) sum += posterior[at];
      const mean = sum / count;
      bar.style.transform = `scaleX(${mean.toFixed(4)})`;
      ring.style.left = `${(100 * posterior[sample * k + index]).toFixed(2)}%`;
      say(value, mean.toFixed(2));
    });
  };
  return { whole, show };
}

/**
 * The value of each code that was asked for (hollow), and what the Q heads read back (filled).
 *
 * @param {string[]} names
 * @param {number} limit
 */
export function codesChart(names, limit) {
  const reach = limit + 1;
  const share = (/** @type {number} */ value) => (100 * (clamp(value, -reach, reach) + reach)) / (2 * reach);
  const rows = names.map((name) => {
    const asked = element("i", { class: "asked" });
    const found = element("i", { class: "found" });
    const line = element("i", { class: "between" });
    const value = element("span", { class: "value" });
    const row = element("div", { class: "row" }, element("span", { class: "name", text: name }), element("span", { class: "track zero" }, line, asked, found), value);
    return { asked, found, line, value, row };
  });
  const whole = element(
    "div",
    { class: "codes", role: "img", "aria-label": "Each code as asked for and as read back, in sigma" },
    ...rows.map(({ row }) => row),
    element("div", { class: "legend" }, element("i", { class: "asked" }), "asked", element("i", { class: "found" }), "read back (σ)"),
  );
  /** @param {number[]} codes @param {Float32Array} found */
  const show = (codes, found) => {
    rows.forEach((row, index) => {
      const [from, to] = [share(codes[index]), share(found[index])];
      row.asked.style.left = `${from.toFixed(2)}%`;
      row.found.style.left = `${to.toFixed(2)}%`;
      row.line.style.left = `${Math.min(from, to).toFixed(2)}%`;
      row.line.style.width = `${Math.abs(to - from).toFixed(2)}%`;
      say(row.value, signed(found[index], 2));
    });
  };
  return { whole, show };
}

/**
 * A figure with its name and what it means.
 *
 * @param {string} name
 * @param {string} unit
 * @param {string} help
 * @param {Words} words
 * @param {(value: number) => string} write
 */
export function measure(name, unit, help, words, write) {
  const value = element("strong");
  const says = element("span", { class: "says" });
  const whole = element("div", { class: "measure", title: help }, element("span", { class: "name", text: name }), element("span", {}, value, ` ${unit}`), says);
  /** @param {number} now */
  const show = (now) => {
    say(value, write(now));
    say(says, meaning(words, now));
  };
  return { whole, show };
}
