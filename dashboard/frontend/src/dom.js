/** Makes elements. Text is always text: nothing that comes from data becomes markup. */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, unknown>} properties attributes; ``class``, ``data-*``, ``aria-*``, ``on*`` handlers, ``text``
 * @param {(Node | string | null | undefined)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name === "text") made.textContent = String(value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * Changes the text only where it differs: the browser lays out anew at every change.
 *
 * @param {HTMLElement} target
 * @param {string} text
 */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @param {number} value @param {number} digits @returns {string} with its sign, and a true minus */
export function signed(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? "−" : "+") + text;
}

/** @param {number} value @param {number} low @param {number} high @returns {number} */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/**
 * Follows a pointer from press to release; touch does not scroll the page meanwhile (the element has touch-action: none).
 *
 * @param {HTMLElement} target
 * @param {{start?: (event: PointerEvent) => boolean | void, move: (event: PointerEvent) => void,
 *   end?: (event: PointerEvent, cancelled: boolean) => void}} handlers ``start`` may refuse with false
 */
export function drag(target, { start, move, end }) {
  /** @type {number | null} */
  let pointer = null;
  target.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0 || start?.(event) === false) return;
    pointer = event.pointerId;
    target.setPointerCapture(pointer);
  });
  target.addEventListener("pointermove", (event) => {
    if (event.pointerId === pointer) move(event);
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    target.addEventListener(name, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      end?.(event, name === "pointercancel");
    });
  }
}

/**
 * A value's change while it moves, and when it is let go.
 *
 * @typedef {{moved: () => void, released: () => void}} Listener
 */

/**
 * A slider with its number and its way back, for one value.
 *
 * @param {{label: string, help: string, low: number, high: number, step: number, rest: number, digits: number,
 *   name: string}} about ``rest`` is where the reset leads
 * @param {() => number} get
 * @param {(value: number, typed: boolean) => void} set ``typed``: by the number or the way back, not by the slider
 * @param {Listener} listener
 */
export function slider(about, get, set, listener) {
  const { label, help, low, high, step, rest, digits, name } = about;
  const range = element("input", { type: "range", min: low, max: high, step, "aria-label": label, "data-name": name });
  const number = element("input", { type: "number", min: low, max: high, step, "aria-label": `${label}, exactly` });
  const back = element("button", { type: "button", class: "quiet", title: `${label} back to ${rest}`, text: "↺" });
  back.setAttribute("aria-label", `${label} back to ${rest}`);
  const whole = element(
    "div",
    { class: "slider", title: help, "data-slider": name },
    element("span", { class: "label", text: label }),
    range,
    number,
    back,
  );
  const show = () => {
    const value = get();
    if (Number(range.value) !== value) range.value = String(value);
    const root = /** @type {ShadowRoot | Document} */ (number.getRootNode());
    // What a person is typing is left alone.
    if (root.activeElement !== number && number.value !== value.toFixed(digits)) number.value = value.toFixed(digits);
    back.disabled = Math.abs(value - rest) < 1e-9;
    range.style.setProperty("--share", `${(100 * (value - low)) / (high - low)}%`);
  };
  /** @param {number} value @param {boolean} done @param {boolean} typed */
  const change = (value, done, typed = false) => {
    if (!Number.isFinite(value)) return;
    set(clamp(value, low, high), typed);
    show();
    listener.moved();
    if (done) listener.released();
  };
  let moving = false;
  range.addEventListener("input", () => {
    moving = true;
    change(range.valueAsNumber, false);
  });
  range.addEventListener("change", () => {
    moving = false;
    change(range.valueAsNumber, true);
  });
  // A slider that ends where it began does not say in every browser that it was let go.
  for (const name of ["pointerup", "pointercancel", "blur"]) {
    range.addEventListener(name, () =>
      setTimeout(() => {
        if (moving) listener.released();
        moving = false;
      }));
  }
  number.addEventListener("change", () => {
    change(number.valueAsNumber, true, true);
    number.value = get().toFixed(digits);
  });
  back.addEventListener("click", () => change(rest, true, true));
  return { whole, show };
}

/**
 * Buttons of which one is pressed.
 *
 * @param {string} label for those who do not see it
 * @param {string[]} names
 * @param {() => number} get
 * @param {(index: number) => void} set
 * @param {(string | null)[]} colours a dot before each name, or none
 */
export function choice(label, names, get, set, colours = []) {
  const buttons = names.map((name, index) => {
    const button = element("button", { type: "button", role: "radio", "data-choice": name });
    if (colours[index]) button.append(element("i", { class: "dot", style: `background:${colours[index]}` }));
    button.append(name);
    button.addEventListener("click", () => {
      set(index);
      show();
    });
    return button;
  });
  const whole = element("div", { class: "choice", role: "radiogroup", "aria-label": label }, ...buttons);
  whole.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (get() + way + names.length) % names.length;
    set(next);
    show();
    buttons[next].focus();
  });
  const show = () => {
    const now = get();
    buttons.forEach((button, index) => {
      button.setAttribute("aria-checked", String(index === now));
      button.tabIndex = index === now || (now < 0 && index === 0) ? 0 : -1;
    });
  };
  return { whole, show };
}
