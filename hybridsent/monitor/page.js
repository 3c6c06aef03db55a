"use strict";
// The live page of a monitor. All that is shown is text: nothing of a post is ever read as HTML.
const $ = (id) => document.getElementById(id);
const seen = { setup: null, facts: null, points: {} };
const COLORS = 6, MOST = 240;
const kept = (name) => { try { return localStorage.getItem(`hybridsent-monitor-${name}`); } catch { return null; } };
const keep = (name, value) => { try { localStorage.setItem(`hybridsent-monitor-${name}`, value); } catch { /* private windows */ } };
let language = kept("language") || (navigator.language || "en").slice(0, 2);
if (!WORDS[language]) language = "en";
let chosen = [0], colors = { 0: 0 }, span = 48, cursor = null, connection = "waiting", due = false;

const t = (name, facts = {}) => Object.entries(facts).reduce((text, [key, value]) => text.replace(`{${key}}`, value), WORDS[language][name]);
const element = (name, facts = {}, ...inner) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(facts)) {
    if (key === "class") made.className = value;
    else if (key === "text") made.textContent = value;
    else made.setAttribute(key, value);
  }
  made.append(...inner.filter((each) => each !== null));
  return made;
};
const number = (value, digits = 0) => value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const signed = (value) => value === null || value === undefined ? "–" : value.toLocaleString(language, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: hasSign() ? "exceptZero" : "auto" }).replace("-", "−");
const hasSign = () => seen.setup && seen.setup.ends && seen.setup.ends[0] < 0;
const hasIndex = () => seen.setup && (seen.setup.values !== null || seen.setup.task === "regression");
const moment = (at, facts) => new Intl.DateTimeFormat(language, facts).format(new Date(at * 1000));
const clock = (at, step) => step >= 86400 ? moment(at, { month: "short", day: "numeric" }) : step < 60 ? moment(at, { timeStyle: "medium" })
  : new Date(at * 1000).getHours() + new Date(at * 1000).getMinutes() === 0 ? moment(at, { month: "short", day: "numeric" }) : moment(at, { timeStyle: "short" });
const whole = (at) => moment(at, { dateStyle: "medium", timeStyle: seen.setup.slide < 60 ? "medium" : "short" });
const percent = (value) => `${number(100 * value, value > 0 && value < 0.1 ? 1 : 0)} %`;
function long(seconds) {
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) if (seconds >= size && seconds % size === 0) return `${seconds / size} ${t(unit)}`;
  return `${seconds} ${t("s")}`;
}
function nameOf(group) {
  const names = Object.entries(group.names);
  if (!names.length) return t("all");
  if (group.names["…"] !== undefined) return t("others");
  return names.map(([, value]) => value === null ? t("none") : value).join(" · ");
}
const groupOf = (id) => seen.facts.groups.find((group) => group.number === id);

// -- points

function pointsOf(id) {
  const all = (seen.points[id] || []).map(([last, n, value, low, high, plain, shares, method, notes]) => ({
    at: last + seen.setup.slide, n, value, low, high, plain, method, notes, shares: shares.map((each) => each ? each[0] : null), parts: shares,
    open: seen.facts.newest !== null && last >= seen.facts.newest,
  }));
  return span ? all.filter((point) => point.at > seen.facts.newest + seen.setup.slide * (1 - span)) : all;
}
function merge(points) {
  for (const [id, fresh] of Object.entries(points)) {
    const known = new Map((seen.points[id] || []).map((point) => [point[0], point]));
    for (const point of fresh) known.set(point[0], point);
    seen.points[id] = [...known.values()].sort((a, b) => a[0] - b[0]).slice(-MOST);
  }
}

// -- drawing

function render() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const each of document.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
  $("language").textContent = language === "en" ? "中文" : "English";
  $("language").lang = language === "en" ? "zh" : "en";
  $("theme").textContent = isDark() ? t("light") : t("dark");
  $("state-text").textContent = t(connection);
  $("state").className = `state ${connection}`;
  if (!seen.setup) return;
  const { setup } = seen;
  chosen = chosen.filter((id) => groupOf(id));
  if (!chosen.length) chosen = [0], colors = { 0: 0 };
  $("model").textContent = setup.model;
  document.title = `${t("title")} · ${setup.model}`;
  $("about").textContent = t("about", { w: long(setup.window), s: long(setup.slide), from: setup.sources.map(short).join(", ") });
  $("notes").hidden = !setup.notes.length;
  write($("notes"), setup.notes);
  renderTiles(); renderGroups(); renderSpan(); renderCharts(); renderAlerts(); renderDrift(); renderPosts();
  const told = [...(seen.points[chosen[0]] || [])].pop();
  const p = number(100 * setup.confidence);
  $("method").textContent = setup.task !== "classification" ? "" : setup.corrected ? t("corrected", { m: told ? told[7] : "…", p }) : t("uncorrected", { p });
  write($("said"), told ? told[8] : []);
}
// Notes come in English, and their Chinese beside them; what has none is said as it came, and marked so.
const noted = (note) => language === "zh" ? seen.facts.chinese[note] || note : note;
function write(box, notes) {
  box.textContent = notes.map(noted).join(language === "zh" ? "" : " ");
  box.lang = notes.some((note) => noted(note) === note) ? "en" : document.documentElement.lang;
}
const short = (name) => name.includes("://") || name.length < 40 ? name : `…${name.slice(-38)}`;

function renderTiles() {
  const { setup, facts } = seen, id = chosen[0], points = pointsOf(id), last = points[points.length - 1], before = points[points.length - 2];
  const tiles = [];
  const tile = (label, value, under, kind = "") => tiles.push(element("div", { class: `tile ${kind}` }, element("span", { class: "label", text: label }), element("strong", { text: value }), element("span", { class: "under", text: under })));
  if (hasIndex()) {
    const range = last && last.low !== null ? `${signed(last.low)} … ${signed(last.high)}` : "";
    const change = last && before && last.value !== null && before.value !== null ? ` · ${t("before")} ${signed(before.value)}` : "";
    tile(`${t("now")} · ${nameOf(groupOf(id))}`, last ? signed(last.value) : "–", range + change, "main");
  }
  tile(t("n"), last ? number(last.n) : "0", t("perWindow"));
  tile(t("counted"), number(facts.counts.counted), `${number(facts.rate, facts.rate < 10 ? 1 : 0)} / ${t("s")}`);
  const { repeated, broken, late } = facts.counts;
  tile(t("aside"), number(broken), [`${number(repeated)} ${t("repeated")}`, late ? `${number(late)} ${t("late")}` : ""].filter(Boolean).join(" · "), broken ? "warm" : "");
  if (setup.drift) {
    const drift = facts.drift[facts.drift.length - 1];
    tile(t("drift"), !drift || drift.alarm === null ? t("noDrift") : drift.alarm ? t("yes") : t("ok"), drift ? whole(drift.start + setup.slide) : "", drift && drift.alarm ? "warm" : "");
  }
  $("tiles").replaceChildren(...tiles);
}

function renderGroups() {
  const box = $("groups"), focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.group : undefined;
  $("chosen").textContent = seen.facts.groups.length > 1 ? t("pick") : "";
  box.replaceChildren(...seen.facts.groups.map((group) => {
    const points = seen.points[group.number] || [], last = points[points.length - 1], on = chosen.includes(group.number);
    const button = element("button", { type: "button", "aria-pressed": String(on), "data-group": String(group.number), class: on ? `c${colors[group.number]}` : "" },
      element("i", { "aria-hidden": "true" }), element("span", { class: "name", text: nameOf(group) }),
      element("span", { class: "num", text: hasIndex() && last ? signed(last[2]) : "" }), element("span", { class: "n", text: number(group.n) }));
    button.addEventListener("click", () => pick(group.number));
    return element("li", {}, button);
  }));
  if (focused !== undefined) box.querySelector(`[data-group="${focused}"]`)?.focus();
}
function pick(id) {
  if (chosen.includes(id)) { if (chosen.length > 1) chosen = chosen.filter((each) => each !== id); }
  else chosen = [...chosen, id].slice(-COLORS);
  const free = [...Array(COLORS).keys()].filter((color) => !chosen.some((each) => colors[each] === color));
  for (const each of chosen) if (colors[each] === undefined || chosen.some((other) => other !== each && colors[other] === colors[each])) colors[each] = free.shift();
  for (const each of Object.keys(colors)) if (!chosen.includes(Number(each))) delete colors[each];
  render();
}

function renderSpan() {
  const select = $("span"), value = String(span);
  const options = [12, 24, 48, 96, 0].map((n) => { const option = element("option", { value: String(n), text: n ? t("windows", { n }) : t("everything") }); option.selected = String(n) === value; return option; });
  if (select.dataset.language !== language) select.replaceChildren(...options);
  select.dataset.language = language;
}

function renderCharts() {
  const { setup } = seen, first = pointsOf(chosen[0]);
  const series = chosen.map((id) => ({ id, color: colors[id], points: pointsOf(id) }));
  const times = series.flatMap((each) => each.points.map((p) => p.at));
  for (const each of document.querySelectorAll(".of")) each.textContent = nameOf(groupOf(chosen[0]));
  $("shares-box").hidden = !setup.classes.length;
  if (!times.length) {
    for (const id of ["index", "shares", "volume"]) $(id).replaceChildren(element("p", { class: "void", text: t("nothing") }));
    return;
  }
  const from = Math.min(...times) - setup.slide / 2, to = Math.max(...times) + setup.slide / 2;
  if (hasIndex()) renderIndex(series, from, to);
  else $("chart").hidden = true;
  renderVolume(first, from, to);
  if (setup.classes.length) renderShares(first, from, to);
}

function renderIndex(series, from, to) {
  const { setup } = seen;
  const values = series.flatMap((each) => each.points.flatMap((p) => [p.low, p.high, p.value])).filter((value) => value !== null);
  let low = values.length ? Math.min(...values) : 0, high = values.length ? Math.max(...values) : 1;
  const least = setup.ends ? (setup.ends[1] - setup.ends[0]) * 0.1 : 1e-6, room = Math.max(least - (high - low), (high - low) * 0.12) / 2;
  low -= room; high += room;
  if (setup.ends) { low = Math.max(low, setup.ends[0] - 0.02); high = Math.min(high, setup.ends[1] + 0.02); }
  const made = frame($("index"), { from, to, low, high, height: 270, written: signed, when: clock, label: `${t("index")}: ${series.map((each) => nameOf(groupOf(each.id))).join(", ")}. ${t("chart")}` });
  made.root.setAttribute("tabindex", "0");
  lines($("index"), series, { made, gap: setup.slide });
  withCursor(made, series);
  const had = document.activeElement === $("index").firstChild;
  $("index").replaceChildren(made.root);
  if (had) made.root.focus();
  $("legend").replaceChildren(...series.map((each) => element("span", { class: `key c${each.color}` }, element("i", { "aria-hidden": "true" }), nameOf(groupOf(each.id)))),
    element("span", { class: "small", text: t("interval", { p: number(100 * setup.confidence) }) }));
  renderTable(series);
}

function withCursor(made, series) {
  const times = [...new Set(series.flatMap((each) => each.points.map((p) => p.at)))].sort((a, b) => a - b);
  const show = (at, aloud) => {
    cursor = at;
    made.root.querySelectorAll(".cursor").forEach((each) => each.remove());
    if (at === null) { $("read").textContent = ""; return; }
    made.root.append(draw("line", { class: "cursor", x1: made.x(at), x2: made.x(at), y1: made.pad.top, y2: made.height - made.pad.bottom }));
    const told = series.map((each) => {
      const p = each.points.find((point) => point.at === at);
      if (!p) return null;
      if (p.value !== null) made.root.append(draw("circle", { class: `cursor mark c${each.color}`, cx: made.x(at), cy: made.y(p.value), r: 4 }));
      const range = p.low === null ? "" : ` (${signed(p.low)} … ${signed(p.high)})`;
      return `${nameOf(groupOf(each.id))} ${signed(p.value)}${range}, ${number(p.n)} ${t("n")}`;
    }).filter(Boolean);
    const open = series.some((each) => each.points.some((point) => point.at === at && point.open));
    $("read").setAttribute("aria-live", aloud ? "polite" : "off");
    $("read").textContent = `${whole(at)}${open ? ` ${t("open")}` : ""}: ${told.join("; ")}`;
  };
  made.root.addEventListener("pointermove", (event) => {
    const box = made.root.getBoundingClientRect(), x = ((event.clientX - box.left) / box.width) * made.width;
    show(times.reduce((best, at) => Math.abs(made.x(at) - x) < Math.abs(made.x(best) - x) ? at : best, times[0]), false);
  });
  made.root.addEventListener("pointerleave", () => { if (document.activeElement !== made.root) show(null, false); });
  made.root.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) { if (event.key === "Escape") show(null, false); return; }
    event.preventDefault();
    const place = cursor === null ? times.length : times.indexOf(cursor);
    show(times[Math.max(0, Math.min(times.length - 1, place + step))], true);
  });
  if (cursor !== null && times.includes(cursor)) show(cursor, false);
}

function renderTable(series) {
  if (!$("as-table").open) return;
  const [head, body] = [$("as-table").querySelector("thead"), $("as-table").querySelector("tbody")];
  head.replaceChildren(element("tr", {}, ...["time", "group", "n", "value", "low", "high"].map((name) => element("th", { scope: "col", text: t(name) }))));
  const rows = series.flatMap((each) => each.points.map((p) => ({ ...p, name: nameOf(groupOf(each.id)) }))).sort((a, b) => b.at - a.at || a.name.localeCompare(b.name));
  body.replaceChildren(...rows.map((p) => element("tr", {}, element("th", { scope: "row", text: whole(p.at) }), element("td", { text: p.name }),
    ...[number(p.n), signed(p.value), signed(p.low), signed(p.high)].map((text) => element("td", { class: "num", text })))));
}

function renderVolume(points, from, to) {
  const high = Math.max(...points.map((p) => p.n), 4);
  const made = frame($("volume"), { from, to, low: 0, high: high * 1.05, height: 150, written: (value) => number(value), when: clock, label: `${t("volume")}, ${nameOf(groupOf(chosen[0]))}` });
  bars(points.map((p) => ({ ...p, value: p.n })), { made, gap: seen.setup.slide });
  $("volume").replaceChildren(made.root);
}

function classColors() {
  const { classes, values, ends } = seen.setup;
  return classes.map((label, k) => {
    if (!values || !ends || ends[0] >= 0 || ends[1] <= 0) return { label, color: `x${k % 8}` };
    const value = values[label];
    if (!value) return { label, color: "z" };
    return { label, color: value < 0 ? (value > ends[0] * 0.7 ? "n1" : "n2") : value < ends[1] * 0.7 ? "p1" : "p2" };
  });
}
function renderShares(points, from, to) {
  const names = classColors(), known = points.filter((p) => p.shares.some((share) => share !== null));
  const sets = seen.setup.task === "multilabel";
  const last = known[known.length - 1];
  $("shares-legend").replaceChildren(...names.map((name, k) => element("span", { class: `key s${name.color}` }, element("i", { "aria-hidden": "true" }),
    `${name.label}${last && last.shares[k] !== null ? ` ${percent(last.shares[k])}` : ""}`)));
  const made = frame($("shares"), { from, to, low: 0, high: 1, height: 170, written: percent, when: clock, label: `${t("shares")}, ${nameOf(groupOf(chosen[0]))}` });
  if (sets) lines($("shares"), names.map((name, k) => ({ color: k % COLORS, points: known.map((p) => ({ at: p.at, value: p.shares[k], low: null, high: null })) })), { made, gap: seen.setup.slide });
  else if (known.length) stacked(known, names, { made, gap: seen.setup.slide });
  $("shares").replaceChildren(made.root);
}

function renderAlerts() {
  const { alerts } = seen.facts;
  $("n-alerts").textContent = alerts.length ? number(alerts.length) : "";
  const rows = alerts.slice(0, 20).map((alert) => {
    const place = Object.values(alert.group).map((value) => value === null ? t("none") : value).join(" · ") || t("all");
    const value = typeof alert.value === "number" ? alert.rule.startsWith("volume") ? number(alert.value) : alert.rule.startsWith("share") ? percent(alert.value) : signed(alert.value) : "";
    return element("li", { class: "alert" }, element("strong", { text: alert.rule }), element("span", { class: "value", text: value }), element("span", { class: "small", text: `${place} · ${whole(Date.parse(alert.window[1]) / 1000)} · ${number(alert.volume)} ${t("n")}` }));
  });
  if (!rows.length) rows.push(element("li", { class: "void", text: seen.setup.rules.length ? t("noAlerts") : t("noRules") }));
  const written = JSON.stringify([language, alerts.map((alert) => alert.id), seen.setup.rules.length]);
  if ($("alerts").dataset.written !== written) $("alerts").replaceChildren(...rows);
  $("alerts").dataset.written = written;
}

function renderDrift() {
  const { setup, facts } = seen;
  $("drift-box").hidden = !setup.drift;
  if (!setup.drift) return;
  const last = facts.drift[facts.drift.length - 1];
  $("drift").textContent = !last || last.alarm === null ? t("tooFew") : last.alarm ? [t("drifted"), ...(last.text ? [noted(last.text)] : [])].join(language === "zh" ? "" : " ") : t("calm");
  $("drift").className = last && last.alarm ? "warm" : "";
  $("drift-chart").replaceChildren(element("p", { class: "dots", role: "img", "aria-label": t("drift") }, ...facts.drift.slice(-48).map((each) =>
    element("i", { class: each.alarm === null ? "" : each.alarm ? "bad" : "good", title: whole(each.start + setup.slide) }))));
}

function renderPosts() {
  const { setup, facts } = seen;
  $("posts-box").hidden = !setup.show_posts;
  $("posts").replaceChildren(...[...facts.posts].reverse().slice(0, 50).map((post) => element("li", {}, element("span", { class: "tag", text: post.p === null ? String(post.prediction) : `${post.prediction} ${percent(post.p)}` }),
    element("span", { text: post.text, dir: "auto" }), element("span", { class: "small", text: whole(post.at) }))));
}

// -- what comes, and what people do

function later() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => { due = false; render(); });
}
function connect() {
  const source = new EventSource("/events");
  const say = (state) => { connection = state; later(); };
  source.addEventListener("whole", (event) => {
    const told = JSON.parse(event.data);
    Object.assign(seen, { setup: told.setup, facts: told.facts, points: told.points });
    say("live");
  });
  source.addEventListener("change", (event) => {
    const told = JSON.parse(event.data);
    seen.facts = told.facts;
    merge(told.points);
    say("live");
  });
  source.addEventListener("over", () => { source.close(); say("over"); setTimeout(connect, 3000); });
  source.addEventListener("error", () => {
    if (connection !== "over") say("lost");
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000); // it would not try again by itself
  });
}
const isDark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
if (["dark", "light"].includes(kept("theme"))) document.documentElement.dataset.theme = kept("theme");
$("theme").addEventListener("click", () => { const theme = isDark() ? "light" : "dark"; document.documentElement.dataset.theme = theme; keep("theme", theme); render(); });
$("language").addEventListener("click", () => { language = language === "en" ? "zh" : "en"; keep("language", language); render(); });
$("span").addEventListener("change", (event) => { span = Number(event.target.value); cursor = null; render(); });
$("as-table").addEventListener("toggle", render);
addEventListener("resize", later);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
render();
connect();
