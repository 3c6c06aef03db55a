// An answer of the model, as people read it.

import { make } from "./dom.js";
import { note, number, percent, t } from "./words.js";

const MOST_BARS = 12;

function written(value) { return typeof value === "number" ? number(value, 4) : String(value); }

export function headline(answer) {
  const said = answer.prediction;
  if (Array.isArray(said)) { return said.length ? said.map(written).join(t("and")) : t("no_label"); }
  return written(said);
}

export function chance(answer) {
  const p = answer.probabilities;
  if (!p || Array.isArray(answer.prediction)) { return null; }
  const found = p[String(answer.prediction)];
  return found === undefined ? null : found;
}

export function spoken(answer) {
  const p = chance(answer), said = headline(answer) + (p === null ? "" : " " + percent(p));
  const due = Object.entries(answer.views || {}).filter(([, view]) => !view.missing && view.share !== null);
  const words = [t("spoken", { said })];
  if (due.length > 1) {
    const views = due.sort((a, b) => b[1].share - a[1].share).map(([name, view]) => name + " " + percent(view.share));
    words.push(t("spoken_due", { views: views.join(t("and")) }));
  }
  if (answer.missing.length) { words.push(t("lacking", { names: answer.missing.join(t("and")) })); }
  return words.join(" ");
}

function part(title, ...content) {
  const box = make("div", null, "part");
  box.append(make("h3", title), ...content);
  return box;
}

function bar(size, name) {
  const track = make("span", null, "meter"), fill = make("i", null, name);
  track.setAttribute("aria-hidden", "true");
  fill.style.width = (100 * Math.max(0, Math.min(1, size))).toFixed(1) + "%";
  track.append(fill);
  return track;
}

function table(names, rows, kind) {
  const made = make("table", null, kind), head = make("thead"), body = make("tbody"), line = make("tr");
  head.className = "hidden";
  names.forEach((name) => {
    const cell = make(name ? "th" : "td", name);
    if (name) { cell.scope = "col"; }
    line.append(cell);
  });
  head.append(line);
  body.append(...rows);
  made.append(head, body);
  return made;
}

function row(name, cells, kind) {
  const line = make("tr", null, kind), first = make("th", name);
  first.scope = "row";
  first.dir = "auto";
  line.append(first);
  cells.forEach((cell) => {
    const made = make("td", typeof cell === "string" ? cell : null, typeof cell === "string" ? "num" : "wide");
    if (typeof cell !== "string") { made.append(cell); }
    line.append(made);
  });
  return line;
}

function chances(answer) {
  if (!answer.probabilities) { return typeof answer.prediction === "number" ? null : make("p", t("no_chances"), "small"); }
  const several = Array.isArray(answer.prediction), said = new Set([].concat(answer.prediction).map(String));
  const all = Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
  const rows = all.map(([label, p]) => row(label, [bar(p, said.has(label) ? "said" : ""), percent(p)], said.has(label) ? "said" : ""));
  const shown = table([t("class"), "", t("chance")], rows.slice(0, MOST_BARS), "bars");
  if (rows.length <= MOST_BARS) { return part(t(several ? "labels" : "classes"), shown); }
  const rest = make("details");
  rest.append(make("summary", "+ " + (rows.length - MOST_BARS)), table([t("class"), "", t("chance")], rows.slice(MOST_BARS), "bars"));
  return part(t(several ? "labels" : "classes"), shown, rest);
}

function effect(answer, view) {
  if (view.missing) { return ""; }
  if (view.share === null) { return t("no_shares"); }
  if (!view.change) { return t("no_matter"); }
  if (typeof answer.prediction === "number" && !answer.probabilities) {
    return t(view.change > 0 ? "up_by" : "down_by", { n: number(Math.abs(view.change)) });
  }
  return t(view.change > 0 ? "for_it" : "against_it", { n: number(100 * Math.abs(view.change), 2) });
}

function views(answer) {
  const all = Object.entries(answer.views || {});
  if (!all.length) { return null; }
  const rows = all.map(([name, view]) => {
    const share = view.missing ? t("is_missing") : view.share === null ? "–" : percent(view.share);
    const line = row(name, [bar(view.share || 0, view.change < 0 ? "against" : "said"), share], view.missing ? "gone" : "");
    const words = effect(answer, view);
    if (words) { line.children[1].append(make("span", words, "small")); }
    return line;
  });
  return part(t("due_to"), table([t("view"), t("speaks"), t("share")], rows, "bars"), make("p", t("due_why"), "small why"));
}

function sure(answer) {
  const coverage = answer.coverage === null ? "" : percent(answer.coverage);
  if (answer.interval) {
    const [low, high] = answer.interval.map((x) => number(x));
    return part(t("sure"), make("p", t("interval", { low, high })), make("p", t("interval_why", { coverage }), "small why"));
  }
  if (!answer.set) { return null; }
  const n = answer.set.length, all = Object.keys(answer.probabilities || {}).length;
  const key = n === 0 ? "set_none" : n === 1 ? "set_only" : n === all ? "set_all" : "set_some";
  const label = n ? written(answer.set[0]) : "", content = [make("p", t(key, { coverage, label }))];
  if (n > 1) {
    const list = make("ul", null, "set");
    list.append(...answer.set.map((each) => { const item = make("li", written(each)); item.dir = "auto"; return item; }));
    content.push(list);
  }
  return part(t("sure"), ...content, make("p", t("set_why", { coverage }), "small why"));
}

function told(answer) {
  const lines = (answer.notes || []).map(note);
  if (answer.missing.length && answer.missing.length < Object.keys(answer.views || {}).length) {
    lines.unshift(t("lacking", { names: answer.missing.join(t("and")) }));
  }
  if (!lines.length) { return null; }
  const list = make("ul", null, "notes");
  list.append(...lines.map((line) => make("li", line)));
  return part(t("notes"), list);
}

export function show(place, answer, ms) {
  const p = chance(answer), head = make("p", null, "said"), words = make("strong", headline(answer));
  words.classList.toggle("long", words.textContent.length > 20);
  words.dir = "auto";
  head.append(words);
  if (p !== null) { head.append(" ", make("span", t("probability", { p: percent(p) }), "p")); }
  const parts = [head, sure(answer), chances(answer), views(answer), told(answer)].filter(Boolean);
  if (ms !== null) { parts.push(make("p", t("said_in", { ms: Math.round(ms) }), "small ms")); }
  place.replaceChildren(...parts);
}
