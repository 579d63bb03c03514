/** The script of the guided tour, sent only to who may want one: built to ../components/tour.js. */

import { driver } from "driver.js";
import driverCss from "driver.js/dist/driver.css";
import { element } from "./dom.js";
import { mounted } from "./mounted.js";
import { hostOf, themeOf } from "./theme.js";
import tourCss from "./tour.css";
import { begins, centred, remember, wasSeen } from "./tour_rules.js";

/**
 * @typedef {{name: string, title: string, text: string}} Stop ``name``: of a page, or "navigation" or "run"
 * @typedef {{stops: Stop[], asked: number, auto: boolean}} TourData what dashboard/tour.py sends
 */

const CLOSED = "Here the navigation is closed: the arrows at the top left open it.";

class Tour {
  /** @param {ShadowRoot | HTMLElement} parent */
  constructor(parent) {
    this.host = hostOf(parent);
    /** How often a person had asked for it when it last began. */
    this.begun = 0;
    /** @type {import("driver.js").Driver | null} */
    this.driver = null;
    this.styles = [driverCss, tourCss].map((text) => element("style", { text, "data-mirage": "tour" }));
    document.head.append(...this.styles);
    // Streamlit draws the navigation anew at every step to another page; the popover stays with its entry.
    this.watch = new MutationObserver(() => this.#again());
  }

  /** @param {TourData} data */
  update(data) {
    this.#colours();
    const way = begins(data, { begun: this.begun, active: this.driver?.isActive() ?? false, seen: wasSeen(globalThis) });
    this.begun = Math.max(this.begun, data.asked);
    if (way === "no") return;
    // Once is once: who closes the tab in the middle of it is not met by it again.
    remember(globalThis);
    this.#begin(data.stops);
  }

  remove() {
    this.watch.disconnect();
    this.driver?.destroy();
    this.styles.forEach((style) => style.remove());
  }

  /** @param {Stop[]} stops */
  #begin(stops) {
    this.driver?.destroy();
    const made = driver({
      steps: stops.map(({ name, title, text }, index) => ({
        // Without a place it can be seen at (a sidebar that is closed), the popover stands in the middle.
        element: /** @type {() => Element} */ (() => placeOf(name)),
        popover: { title, description: index === 0 && !placeOf(name) ? `${text} ${CLOSED}` : text, side: "right", align: "start" },
      })),
      // With it, who goes on quickly leaves two places marked; and nothing has to move here.
      animate: false,
      showProgress: true,
      progressText: "{{current}} of {{total}}",
      nextBtnText: "Next",
      prevBtnText: "Back",
      doneBtnText: "Done",
      showButtons: ["next", "previous"],
      overlayOpacity: 0.45,
      stagePadding: 4,
      stageRadius: 8,
      // A click beside it is most often meant for the page, and not "never again".
      overlayClickBehavior: () => undefined,
      popoverClass: "mirage-tour",
      onPopoverRender: ({ footer, nextButton, wrapper }) => {
        const never = element("button", { type: "button", class: "mirage-tour-never", text: "Don't show again", onclick: () => made.destroy() });
        if (!made.isLastStep()) footer.after(never);
        wrapper.setAttribute("aria-modal", "true");
        // The library's own choice is the first button there is, which is Back.
        setTimeout(() => nextButton.focus());
      },
      onDestroyed: () => this.watch.disconnect(),
    });
    this.driver = made;
    made.drive();
    const sidebar = document.querySelector('[data-testid="stAppViewContainer"]');
    if (sidebar) this.watch.observe(sidebar, { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "aria-expanded"] });
  }

  #again() {
    const made = this.driver;
    const index = made?.getActiveIndex();
    if (!made?.isActive() || index === undefined) return;
    const now = made.getActiveElement();
    const step = made.getActiveStep();
    const wanted = typeof step?.element === "function" ? step.element() : undefined;
    if (wanted ? wanted === now && now.classList.contains("driver-active-element") : now?.id === "driver-dummy-element") return;
    clearTimeout(this.later);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.later = setTimeout(() => made.isActive() && made.moveTo(index), 120);
  }

  #colours() {
    const { text, background, border, accent, font } = themeOf(this.host);
    const found = { text, background, border, accent, font };
    for (const [name, value] of Object.entries(found)) document.documentElement.style.setProperty(`--mirage-tour-${name}`, value);
  }
}

/** @param {string} name @returns {Element | undefined} what a stop stands beside, where it can be seen */
function placeOf(name) {
  const navigation = document.querySelector('[data-testid="stSidebarNav"]');
  const links = [...(navigation?.querySelectorAll("a") ?? [])];
  const found = name === "navigation" ? navigation
    : name === "run" ? document.querySelector(".st-key-run")
    : links.find((link) => new URL(link.href).pathname.endsWith(`/${name}`));
  if (!found || centred(found.getBoundingClientRect(), innerWidth)) return undefined;
  found.scrollIntoView({ block: "nearest" });
  return found;
}

export default mounted((parent) => new Tour(parent));
