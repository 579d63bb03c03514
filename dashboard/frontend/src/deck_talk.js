/** A talk's id and when it began, kept by its window: both outlive a visit to another page and a reload. */

/** @typedef {Pick<Storage, "getItem" | "setItem">} Store */

const OWN = "mirage.talk";
const BEGAN = "mirage.talk.began:";

/** What this window keeps; null where the browser forbids it. @returns {Store | null} */
export function windowStore() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

/** The id of the talk that is given in this window. @param {Store | null} store */
export function ownTalk(store) {
  return idOf(store?.getItem(OWN)) ?? newTalk(store);
}

/** Another id: who duplicates a tab takes a copy of what it keeps along. @param {Store | null} store */
export function newTalk(store) {
  // randomUUID is there in secure contexts only, and a talk may be given over plain HTTP.
  const made = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  keep(store, OWN, made);
  return made;
}

/** An id as an address or a message gives it, null where it is none. @param {unknown} given */
export function idOf(given) {
  return typeof given === "string" && /^[\w-]{1,64}$/.test(given) ? given : null;
}

/** When a talk began in milliseconds since 1970; null where it has not. @param {Store | null} store @param {string | null} talk */
export function began(store, talk) {
  const kept = talk === null ? null : store?.getItem(BEGAN + talk);
  return kept && Number.isFinite(Number(kept)) ? Number(kept) : null;
}

/** @param {Store | null} store @param {string | null} talk @param {number} started */
export function keepBegan(store, talk, started) {
  if (talk !== null) keep(store, BEGAN + talk, String(started));
}

/** @param {Store | null} store @param {string} name @param {string} value */
function keep(store, name, value) {
  try {
    store?.setItem(name, value);
  } catch {
    // Full: the talk goes on without.
  }
}
