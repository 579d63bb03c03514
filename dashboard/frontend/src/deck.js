/**
 * A presentation on the page: which step is seen, its keys, full screen, the bar below and the speaker's notes.
 *
 * Streamlit draws the steps, all of their words and the figures of the step with its neighbours; which of them is seen
 * is decided here, at once, and Python hears of it to draw the figures of the next neighbour.
 */

import css from "./deck.css";
import { clock, stepAfter, wayOf } from "./deck_keys.js";
import { Line } from "./deck_line.js";
import { began, idOf, keepBegan, newTalk, ownTalk, windowStore } from "./deck_talk.js";
import pageCss from "./deck_page.css";
import { onSwipe } from "./deck_touch.js";
import { element, say } from "./dom.js";
import { hostOf, themeOf } from "./theme.js";

/**
 * @typedef {{token: string, run: string, step: number, seen: number, stage: string, prefix: string, notesOnly: boolean,
 *   steps: {name: string, title: string, notes: string[]}[]}} DeckData what dashboard/present/component.py sends
 * @typedef {(name: string, value: unknown) => void} Send
 */

/** Milliseconds between two things that Python is told: who holds a key down goes through many steps. */
const RESTS = 120;
const PRESENTING = "mirage-presenting";
const NOTES_ONLY = "mirage-notes";
/** Until the page has it, Python's own rule says which step is seen. */
const READY = "mirage-deck";

export class Deck {
  /** @param {ShadowRoot | HTMLElement} parent */
  constructor(parent) {
    this.host = hostOf(parent);
    this.page = document.documentElement;
    /** @type {DeckData | null} */
    this.data = null;
    this.at = 0;
    this.sent = 0;
    this.notesShown = false;
    /** Full screen asked for, whether or not the browser could give it. */
    this.presenting = false;
    /** @type {number | null} */
    this.started = null;
    this.store = windowStore();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.telling = undefined;
    this.untold = false;
    /** @type {Line | null} */
    this.line = null;
    this.root = element("div", { class: "deck", "data-deck": "" });
    parent.append(element("style", { text: css }), this.root);
    this.host.setAttribute("data-deck", "");
    this.pageStyle = element("style", { text: pageCss, "data-mirage": "deck" });
    this.stepStyle = element("style", { "data-mirage": "deck-step" });
    document.head.append(this.pageStyle, this.stepStyle);
    this.#build();
    this.ends = new AbortController();
    const { signal } = this.ends;
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    addEventListener("resize", () => this.#fit(), { signal });
    document.addEventListener("fullscreenchange", () => this.#screenChanged(), { signal });
    onSwipe(signal, () => `st-key-${this.data?.stage}`, (way) => this.#go(way));
    this.ticking = setInterval(() => {
      this.#tick();
      // Streamlit writes the address anew when another run is chosen, with the steps it knows of.
      this.#address();
    }, 1000);
  }

  /** @param {DeckData} data @param {Send} send */
  update(data, send) {
    this.send = send;
    if (data.token !== this.data?.token) [this.sent, this.at] = [data.seen, data.step];
    else if (data.seen >= this.sent) this.at = data.step;
    if (data.run !== this.data?.run || data.notesOnly !== this.data?.notesOnly) this.#meet(data);
    this.data = data;
    this.at = Math.min(this.at, data.steps.length - 1);
    this.page.classList.add(READY);
    this.page.classList.toggle(NOTES_ONLY, data.notesOnly);
    this.root.toggleAttribute("data-only", data.notesOnly);
    // Outside of the component the page does not say its own colours.
    const { background, accent } = themeOf(this.host);
    this.page.style.setProperty("--mirage-page", background);
    this.page.style.setProperty("--mirage-accent", accent);
    if (data.notesOnly) this.notesShown = true;
    this.#dots();
    this.#show();
    this.root.dataset.ready = "1";
  }

  remove() {
    this.ends.abort();
    clearInterval(this.ticking);
    clearTimeout(this.telling);
    this.line?.close();
    if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
    this.page.classList.remove(READY, PRESENTING, NOTES_ONLY, "mirage-noted");
    this.page.style.removeProperty("--mirage-talk-size");
    this.pageStyle.remove();
    this.stepStyle.remove();
    this.root.remove();
  }

  /** The window of the notes and that of the steps find each other. @param {DeckData} data */
  #meet(data) {
    const asked = idOf(new URL(location.href).searchParams.get("talk"));
    const talk = this.line?.talk ?? (data.notesOnly ? asked : ownTalk(this.store));
    this.line?.close();
    const line = new Line(location.origin + location.pathname, { talk, stage: !data.notesOnly }, (told) => {
      if (told.run !== this.data?.run) {
        // The notes go with the run that is shown.
        if (!this.data?.notesOnly) return;
        const there = new URL(location.href);
        there.searchParams.set("run", told.run);
        if (line.talk) there.searchParams.set("talk", line.talk);
        if (there.href !== location.href) location.replace(there);
        return;
      }
      if (told.started !== null) this.#since(told.started);
      if (told.step === this.at || told.step >= this.data.steps.length) return this.#tick();
      this.at = told.step;
      this.#moved();
    });
    this.line = line;
    this.started = began(this.store, talk) ?? this.started;
    if (!data.notesOnly) line.answer = () => this.#told();
    line.twin = () => {
      // This tab is a copy of another one, which keeps the talk and its notes.
      line.talk = newTalk(this.store);
      this.started = null;
      this.#tick();
    };
    line.ask();
  }

  /** The talk's time counts from then. @param {number} started */
  #since(started) {
    this.started = started;
    keepBegan(this.store, this.line?.talk ?? null, started);
  }

  #told() {
    return { run: this.data?.run ?? "", step: this.at, started: this.started };
  }

  #build() {
    const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ act, /** @type {string} */ name) =>
      element("button", { type: "button", title, "aria-label": title, "data-act": name, text, onclick: (/** @type {MouseEvent} */ event) => {
        act();
        // The space bar steps on after a click; who uses the keyboard alone keeps the focus.
        if (event.detail) /** @type {HTMLElement} */ (event.currentTarget).blur();
      } });
    this.back = button("‹", "Step back (left arrow)", () => this.#go("back"), "back");
    this.next = button("›", "Next step (right arrow)", () => this.#go("next"), "next");
    this.dots = element("ol", { class: "dots", "aria-label": "Steps" });
    this.count = element("span", { class: "count", "aria-live": "polite" });
    this.notesButton = button("Notes", "Speaker notes below (N)", () => this.#toggleNotes(), "notes");
    this.window = button("Notes window", "Notes, next step and time in a window of their own", () => this.#popup(), "window");
    this.screen = button("Full screen", "Full screen (F), Escape leaves it", () => this.#toggleScreen(), "screen");
    this.nowTitle = element("h4", { class: "now" });
    this.words = element("div", { class: "words" });
    this.nextTitle = element("p", { class: "next" });
    this.time = element("strong", { class: "time", role: "timer", "aria-label": "Time since the first step" });
    const again = button("↺", "Time from now on", () => {
      this.#since(Date.now());
      this.#tick();
      this.line?.say(this.#told());
    }, "again");
    this.notes = element("section", { class: "notes", "aria-label": "Speaker notes" },
      element("div", { class: "said" }, this.nowTitle, this.words),
      element("div", { class: "beside" }, element("div", { class: "clock" }, this.time, again), this.nextTitle));
    this.bar = element("nav", { class: "bar", "aria-label": "Presentation" },
      this.back, this.dots, this.next, this.count, element("span", { class: "gap" }), this.notesButton, this.window, this.screen);
    this.root.append(this.bar, this.notes);
  }

  #dots() {
    const { steps } = /** @type {DeckData} */ (this.data);
    const titles = steps.map(({ title }) => title).join("\n");
    if (this.dots?.dataset.titles === titles) return;
    this.dots?.replaceChildren(...steps.map(({ title, name }, index) => {
      const dot = element("button", { type: "button", title: `${index + 1}. ${title}`, "aria-label": `Step ${index + 1}: ${title}`, "data-step": name });
      dot.addEventListener("click", ({ detail }) => {
        this.#to(index);
        if (detail) dot.blur();
      });
      return element("li", {}, dot);
    }));
    if (this.dots) this.dots.dataset.titles = titles;
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // A dialog or a menu of the page has the keys while it is open.
    if (!this.data || document.querySelector('[role="dialog"]')) return;
    const path = /** @type {any[]} */ (event.composedPath()).filter((one) => one instanceof Element);
    // Held a moment too long after it has left full screen, it would load the page anew.
    if (event.key === "F5" && event.repeat && !this.data.notesOnly) event.preventDefault();
    const way = wayOf(event, path, this.presenting);
    if (way === null) return;
    if (way === "leave") {
      // With the browser's own full screen Escape is the browser's.
      if (this.presenting && !document.fullscreenElement) this.#present(false);
      return;
    }
    // On the page itself these scroll.
    if (!this.presenting && (event.key === "ArrowUp" || event.key === "ArrowDown")) return;
    event.preventDefault();
    if (way === "screen") this.#toggleScreen();
    else if (way === "notes") this.#toggleNotes();
    else this.#go(way);
  }

  /** @param {import("./deck_keys.js").Way} way */
  #go(way) {
    this.#to(stepAfter(way, this.at, this.data?.steps.length ?? 1));
  }

  /** @param {number} step */
  #to(step) {
    if (!this.data || step === this.at) return;
    this.at = step;
    if (this.started === null) this.#since(Date.now());
    this.#moved();
    this.line?.say(this.#told());
  }

  /** Another step is seen: at once here, and Python hears of it. */
  #moved() {
    this.#show();
    this.sent += 1;
    if (this.telling === undefined) this.#tell();
    else this.untold = true;
  }

  /** At once, and while a key is held down now and then, the last of it for certain. */
  #tell() {
    const data = /** @type {DeckData} */ (this.data);
    this.untold = false;
    this.send?.("moved", { seq: this.sent, run: data.run, step: data.steps[this.at].name });
    this.telling = setTimeout(() => {
      this.telling = undefined;
      if (this.untold) this.#tell();
    }, RESTS);
  }

  #show() {
    const { data, at } = this;
    if (!data) return;
    const { steps, prefix } = data;
    // A rule rather than a class: what Streamlit draws anew does not lose it.
    // Those not seen keep their size, so that their figures are drawn as they will be.
    const others = `[class*="st-key-${prefix}_"]:not(.st-key-${prefix}_${steps[at].name})`;
    say(this.stepStyle, `${others} { position: absolute; inset: 0; overflow: hidden !important; } ${others}, ${others} * { visibility: hidden !important; }`);
    this.page.classList.toggle("mirage-noted", this.notesShown && !data.notesOnly);
    this.#address();
    say(/** @type {HTMLElement} */ (this.count), `${at + 1} / ${steps.length}`);
    this.dots?.querySelectorAll("button").forEach((dot, index) => {
      if (index === at) dot.setAttribute("aria-current", "step");
      else dot.removeAttribute("aria-current");
      dot.classList.toggle("past", index < at);
    });
    this.back?.toggleAttribute("disabled", at === 0);
    this.next?.toggleAttribute("disabled", at === steps.length - 1);
    this.notesButton?.setAttribute("aria-pressed", String(this.notesShown));
    const following = steps[at + 1]?.title;
    say(/** @type {HTMLElement} */ (this.nowTitle), `${at + 1}. ${steps[at].title}`);
    this.words?.replaceChildren(...steps[at].notes.map((text) => element("p", { text })));
    say(/** @type {HTMLElement} */ (this.nextTitle), following ? `Next: ${following}` : "This is the last step.");
    if (this.notes) this.notes.hidden = !this.notesShown;
    this.#tick();
  }

  /** The step is part of the address, so that a link leads to it; it is no page to go back to. */
  #address() {
    if (!this.data) return;
    const { name } = this.data.steps[this.at];
    const address = new URL(location.href);
    const asked = address.searchParams;
    // A window of notes that was opened by hand keeps the talk that it has found.
    const talk = this.data.notesOnly ? this.line?.talk ?? null : asked.get("talk");
    if (asked.get("step") === name && asked.get("talk") === talk) return;
    asked.set("step", name);
    if (talk) asked.set("talk", talk);
    history.replaceState(history.state, "", address);
  }

  #tick() {
    say(/** @type {HTMLElement} */ (this.time), this.started === null ? "0:00" : clock((Date.now() - this.started) / 1000));
  }

  #toggleNotes() {
    if (this.data?.notesOnly) return;
    this.notesShown = !this.notesShown;
    this.#show();
  }

  #popup() {
    const there = new URL(location.href);
    const talk = this.line?.talk ?? "";
    there.searchParams.set("notes", "1");
    there.searchParams.set("talk", talk);
    window.open(there, `mirage-notes-${talk}`, "popup,width=760,height=560");
  }

  #toggleScreen() {
    if (!this.data?.notesOnly) this.#present(!this.presenting);
  }

  /** @param {boolean} on */
  #present(on) {
    this.presenting = on;
    this.page.classList.toggle(PRESENTING, on);
    this.#fit();
    say(/** @type {HTMLElement} */ (this.screen), on ? "Leave" : "Full screen");
    this.screen?.setAttribute("aria-pressed", String(on));
    if (on) {
      if (this.started === null) this.#since(Date.now());
      this.line?.say(this.#told());
      // Where a browser has or gives no full screen, the page alone is filled.
      this.page.requestFullscreen?.().catch(() => undefined);
    } else if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
  }

  /** Words on maps, which are drawn and not laid out, are told how large the rest is. */
  #fit() {
    if (this.presenting) this.page.style.setProperty("--mirage-talk-size", `${Math.round(Math.max(14, Math.min(innerWidth / 75, innerHeight / 42)))}px`);
    else this.page.style.removeProperty("--mirage-talk-size");
  }

  #screenChanged() {
    if (!document.fullscreenElement && this.presenting) this.#present(false);
  }
}
