/** The colours of the page, as Streamlit hands them on: light or dark as the person has it. */

/**
 * @typedef {{text: string, background: string, border: string, muted: string, accent: string, font: string,
 *   label: number}} Theme ``label``: pixels of words on the map, larger in front of an audience
 */

/**
 * @param {Element} host
 * @returns {Theme}
 */
export function themeOf(host) {
  const style = getComputedStyle(host);
  const found = (/** @type {string} */ name, /** @type {string} */ otherwise) =>
    style.getPropertyValue(name).trim() || otherwise;
  return {
    text: found("--st-text-color", "#1A2027"),
    background: found("--st-background-color", "#FFFFFF"),
    border: found("--st-border-color", "#D5DAE0"),
    muted: "#8A94A0",
    accent: found("--st-primary-color", "#0E7490"),
    font: found("--st-font", "sans-serif"),
    label: Number.parseFloat(found("--mirage-talk-size", "12")) || 12,
  };
}

/** @param {ShadowRoot | HTMLElement} parent @returns {Element} */
export function hostOf(parent) {
  return parent instanceof ShadowRoot ? parent.host : parent;
}
