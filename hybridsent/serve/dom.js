// Small things that all parts of the page do.

export function at(id) { return document.getElementById(id); }

export function make(tag, words, name) {
  const made = document.createElement(tag);
  if (words !== undefined && words !== null) { made.textContent = words; }
  if (name) { made.className = name; }
  return made;
}

export function button(words, name, clicked, label) {
  const made = make("button", words, name);
  made.type = "button";
  if (label) { made.setAttribute("aria-label", label); }
  made.addEventListener("click", clicked);
  return made;
}

// what a screen reader hears; the same words twice are heard twice
export function say(words) {
  const live = at("live");
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = words; });
}

const SHELF = "hybridsent-serve:";

export function recall(name) { try { return localStorage.getItem(SHELF + name); } catch { return null; } }

export function keep(name, value) { try { localStorage.setItem(SHELF + name, value); } catch { return; } }

export function clock(seconds) {
  return Math.floor(seconds / 60) + ":" + String(Math.floor(seconds % 60)).padStart(2, "0");
}
