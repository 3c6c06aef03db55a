import { show, spoken, headline, chance } from "./answer.js";
import { at, button, keep, make, recall, say } from "./dom.js";
import { Fields } from "./fields.js";
import { knows, language, percent, speak, t } from "./words.js";

let model = null, fields = null, last = null, going = null, past = [], warming = 0;

// -- language, light and dark

const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");

function lit() { return root.dataset.theme || (dark.matches ? "dark" : "light"); }

function words() {
  root.lang = language();
  document.querySelectorAll("[data-t]").forEach((each) => { each.textContent = t(each.dataset.t); });
  document.title = t("title") + " · hybridsent";
  at("language").textContent = language() === "en" ? "中文" : "English";
  at("language").lang = language() === "en" ? "zh" : "en";
  at("theme").textContent = t(lit() === "dark" ? "light" : "dark");
  if (model) {
    at("model").textContent = t("line_" + model.task, { model: model.model, n: (model.classes || []).length });
    at("privacy").textContent = t(model.keeps_rows ? "privacy_keeps" : "privacy", { host: location.host });
    fields.redraw();
  }
  if (last) { show(at("result"), last.answer, last.ms); }
  list();
}

at("language").addEventListener("click", () => {
  speak(language() === "en" ? "zh" : "en");
  keep("language", language());
  trouble("");
  words();
});
at("theme").addEventListener("click", () => {
  root.dataset.theme = lit() === "dark" ? "light" : "dark";
  keep("theme", root.dataset.theme);
  words();
});
dark.addEventListener("change", words);

// -- what is wrong, and the way out

function trouble(said, detail, id) {
  const box = at("trouble");
  box.hidden = !said;
  box.replaceChildren(...(said ? [make("p", said)] : []));
  if (said && detail && detail !== said) {
    const line = make("p", detail, "small");
    line.lang = "en";
    box.append(line);
  }
  if (said && id) { box.append(make("p", t("error_id", { id }), "small")); }
}

async function refused(answer) {
  const body = await answer.json().catch(() => ({})), key = "error_" + answer.status;
  if (answer.status === 401) { return door(); }
  const wait = Number(answer.headers.get("retry-after"));
  let said = knows(key) ? t(key) : t("error_other", { status: answer.status });
  if (wait > 0) { said += t("retry_in", { n: wait }); }
  trouble(said, body.error, answer.status >= 500 ? body.request_id : "");
  if (body.field) {
    const field = fields.all.find((each) => each.field === body.field);
    if (field) { field.focus(); }
  }
}

// -- the token

function door() {
  const dialog = at("door");
  if (!dialog.open) { dialog.showModal(); }
  at("token").focus();
}

at("open").addEventListener("submit", async (event) => {
  event.preventDefault();
  const wrong = at("door-trouble"), given = at("token").value.trim();
  // the server puts it into a cookie, as it does with that of the address
  const answer = await fetch("/?token=" + encodeURIComponent(given), { cache: "no-store" }).catch(() => null);
  const known = answer && answer.ok && (await fetch("/model", { cache: "no-store" }).catch(() => null));
  if (!known || !known.ok) {
    wrong.hidden = false;
    wrong.textContent = t(answer ? "wrong_token" : "error_network");
    at("token").select();
    return;
  }
  wrong.hidden = true;
  at("token").value = "";
  at("door").close();
  trouble("");
  if (!model) { begin(await known.json()); }
});

// -- asking

async function ask() {
  if (!fields || going) { return; }
  const why = fields.refused();
  if (why) {
    trouble(why[0]);
    why[1].focus();
    return;
  }
  trouble("");
  const taken = fields.taken(), body = new FormData(), began = performance.now();
  taken.forEach((each) => { body.append(each.field, each.sent); });
  going = new AbortController();
  busy(true);
  try {
    const answer = await fetch("/predict?explain=true", { method: "POST", body, signal: going.signal, cache: "no-store" });
    if (!answer.ok) { await refused(answer); return; }
    last = { taken, answer: await answer.json(), ms: performance.now() - began };
    past.unshift(last);
    show(at("result"), last.answer, last.ms);
    list();
    say(spoken(last.answer));
    if (matchMedia("(max-width: 61.99rem)").matches) { at("answer").scrollIntoView({ block: "start" }); }
  } catch (error) {
    trouble(error.name === "AbortError" ? t("stopped") : t("error_network"));
  } finally {
    going = null;
    busy(false);
  }
}

function busy(is) {
  at("answer").setAttribute("aria-busy", String(is));
  at("send").setAttribute("aria-disabled", String(is));
  at("send").firstElementChild.textContent = t(is ? "asking" : "ask");
}

at("form").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
at("clear").addEventListener("click", anew);

function anew() {
  if (!fields) { return; }
  fields.clear();
  trouble("");
  fields.all[0].focus();
}

// -- what was asked before

function list() {
  at("no-history").hidden = past.length > 0;
  at("forget").hidden = past.length === 0;
  at("past").replaceChildren(...past.map((each) => {
    const line = make("li"), p = chance(each.answer), what = each.taken.map((one) => one.told).join(" · ");
    const said = make("span", headline(each.answer) + (p === null ? "" : " " + percent(p)), "tag");
    const text = make("span", what, "what");
    said.dir = text.dir = "auto";
    line.append(said, text, button(t("again"), "pill", () => again(each), t("again_of", { what: what.slice(0, 60) })));
    return line;
  }));
}

async function again(each) {
  fields.put(each.taken);
  await ask();
  at("answer").focus({ preventScroll: true });
}

at("forget").addEventListener("click", () => {
  past = [];
  list();
  at("h-history").tabIndex = -1;
  at("h-history").focus();
});

// -- files anywhere on the page

function files(event) { return event.dataTransfer && [...event.dataTransfer.types].includes("Files"); }

addEventListener("dragover", (event) => {
  if (!files(event)) { return; }
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) { document.body.classList.remove("dropping"); } });
addEventListener("drop", (event) => {
  if (!files(event)) { return; }
  event.preventDefault();
  document.body.classList.remove("dropping");
  const all = [...event.dataTransfer.files], here = fields && fields.of(event.target);
  if (!fields || !all.length) { return; }
  if (all.length === 1 && here && here.take) { here.take(all[0]); return; }
  all.slice(0, fields.all.length).forEach((file) => fields.drop(file));
});
addEventListener("paste", (event) => {
  const all = [...event.clipboardData.files];
  if (!fields || !all.length) { return; }
  event.preventDefault();
  fields.drop(all[0], all.length);
});

// -- keys

addEventListener("keydown", (event) => {
  if (at("door").open || !fields) { return; }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); ask(); return; }
  if (event.key === "Escape") {
    const recorder = fields.recorder();
    if (recorder && recorder.machine) { recorder.machine.stop(); } else if (going) { going.abort(); }
    return;
  }
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
  const digit = /^Digit([1-9])$/.exec(event.code), recorder = fields.recorder();
  if (digit && fields.all[digit[1] - 1]) { fields.all[digit[1] - 1].focus(); }
  else if (event.code === "KeyR" && recorder) { recorder.record(); }
  else if (event.code === "KeyA") { at("answer").focus(); }
  else if (event.code === "KeyN") { anew(); }
  else { return; }
  event.preventDefault();
});

// -- the beginning

function begin(told) {
  model = told;
  fields = new Fields(model, trouble);
  words();
  ready();
}

async function ready() {
  const answer = await fetch("/ready", { cache: "no-store" }).catch(() => null);
  at("state").hidden = Boolean(answer && answer.ok);
  at("state").textContent = answer && answer.ok ? "" : t(answer ? "starting" : "error_network");
  warming += 1;
  if (!(answer && answer.ok) && warming < 600) { setTimeout(ready, 1000); }
}

async function start() {
  const told = recall("language");
  speak(told || ((navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en"));
  if (recall("theme")) { root.dataset.theme = recall("theme"); }
  const mac = /mac|iphone|ipad/i.test(navigator.platform || "");
  document.querySelectorAll(".chord").forEach((each) => { each.textContent = mac ? "⌘ Enter" : "Ctrl Enter"; });
  document.querySelectorAll(".alt").forEach((each) => { each.textContent = (mac ? "⌥ " : "Alt ") + each.textContent.slice(4); });
  at("send-key").textContent = mac ? "⌘ Enter" : "Ctrl Enter";
  // the token leaves the address, so that it is in no history and in no screenshot
  const query = new URLSearchParams(location.search);
  if (query.has("token")) { history.replaceState(null, "", location.pathname); }
  words();
  const answer = await fetch("/model", { cache: "no-store" }).catch(() => null);
  if (!answer) { trouble(t("error_network")); return; }
  if (!answer.ok) { await refused(answer); return; }
  begin(await answer.json());
}

start();
