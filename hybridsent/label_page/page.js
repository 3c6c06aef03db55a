(function () {
  "use strict";
  var setup = JSON.parse(document.getElementById("setup").textContent);
  var asked = setup.question, shelf = "hybridsent-label:" + setup.output + ":" + setup.target + ":";
  var address = new URL(location.href);
  var who = address.searchParams.get("who") || recall("who") || setup.annotators[0];
  var now = null, busy = false, chosen = new Set(), stale = null, refused = "", polling = 0, loaded = [];

  function at(id) { return document.getElementById(id); }
  function recall(name) { try { return localStorage.getItem(shelf + name); } catch (error) { return null; } }
  function keep(name, value) { try { localStorage.setItem(shelf + name, value); } catch (error) { return; } }
  function forget(name) { try { localStorage.removeItem(shelf + name); } catch (error) { return; } }
  function make(tag, words, name) {
    var made = document.createElement(tag);
    if (words !== undefined && words !== null) { made.textContent = words; }
    if (name) { made.className = name; }
    return made;
  }
  function number(n) { return n.toLocaleString("en"); }
  function some(n, one, more) { return number(n) + " " + (n === 1 ? one : more || one + "s"); }
  function newId() {
    if (crypto.randomUUID) { return crypto.randomUUID(); }
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (b) { return b.toString(16).padStart(2, "0"); }).join("");
  }

  // the token leaves the address, so that it is in no history and in no screenshot
  address.searchParams.delete("token");
  address.searchParams.set("who", who);
  history.replaceState(null, "", address.pathname + address.search);

  // -- what is sent, until it is acknowledged ---------------------------------------------------

  function trouble(words) {
    at("trouble").hidden = !words;
    if (at("trouble").textContent !== (words || "")) { at("trouble").textContent = words || ""; }
  }
  function wait(ms) { return new Promise(function (done) { setTimeout(done, ms); }); }
  async function ask(path, body) {
    var stop = new AbortController(), timer = setTimeout(function () { stop.abort(); }, 20000);
    try {
      return await fetch(path, body === undefined ? { signal: stop.signal } : {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: stop.signal
      });
    } finally { clearTimeout(timer); }
  }
  async function told(answer) {
    try { return (await answer.json()).error; } catch (error) { return "the server answered " + answer.status + "."; }
  }
  // an answer lies on the shelf of this browser until the server has it on its disk
  async function deliver(event) {
    keep("event:" + event.id, JSON.stringify(event));
    for (var pause = 500; ; pause = Math.min(pause * 1.6, 8000)) {
      var answer = null;
      try { answer = await ask("/api/do", event); } catch (error) { answer = null; }
      if (answer && answer.ok) {
        var view = await answer.json().catch(function () { return null; });
        if (view) { forget("event:" + event.id); trouble(""); return view; }
        answer = null;
      }
      if (answer && answer.status === 400) {
        forget("event:" + event.id);
        refused = "Not taken: " + (await told(answer));
        return null;
      }
      if (answer && answer.status === 403) {
        trouble("The server was started anew. Open the address that it printed; your last answer is kept here, and sent from there.");
      } else if (answer) {
        trouble("Not saved yet. " + (await told(answer)) + " It is tried again.");
      } else {
        trouble("Not saved yet: the server does not answer. Your answer is kept here, and sent again.");
      }
      await wait(pause);
    }
  }
  async function sendKept() {
    var names = [];
    try { names = Object.keys(localStorage); } catch (error) { return; }
    for (var name of names) {
      if (name.startsWith(shelf + "event:")) {
        var event = null;
        try { event = JSON.parse(localStorage.getItem(name)); } catch (error) { localStorage.removeItem(name); }
        if (event) { await deliver(event); }
      }
    }
  }
  async function act(what, value, quiet) {
    if (busy || (!now && what !== "undo")) { return; }
    busy = true;
    document.body.setAttribute("aria-busy", "true");
    var view = await deliver({ id: newId(), who: who, do: what, row: now ? now.row : null, value: value === undefined ? null : value, guess: what === "label" && at("guessing").value === "after" });
    busy = false;
    document.body.removeAttribute("aria-busy");
    if (!view) { await refresh(); return; }
    show(view, quiet);
    if (view.guess) { tellGuess(view.guess, "Of the row before, the model thought: "); }
  }
  async function refresh() {
    try {
      var answer = await ask("/api/state?who=" + encodeURIComponent(who));
      if (!answer.ok) {
        trouble(answer.status === 403 ? "This page needs the address with the token that was printed when the server was started." : await told(answer));
        return;
      }
      show(await answer.json());
      trouble(refused);
      refused = "";
    } catch (error) { trouble("The server does not answer. It is asked again."); setTimeout(refresh, 2000); }
  }

  // -- the row ---------------------------------------------------------------------------------

  function piece(each, several) {
    var holder = make("figure"), body;
    if (each.kind === "words") {
      body = make("blockquote", each.text, each.text.length > 400 ? "long" : "");
      body.dir = "auto";
      if (each.text.length > 600) { body.tabIndex = 0; }
    } else if (each.kind === "picture") {
      body = make("img");
      body.alt = "Picture in " + each.column;
      body.src = each.uri;
    } else if (each.kind === "sound" || each.kind === "clip") {
      body = make(each.kind === "sound" ? "audio" : "video");
      body.controls = true;
      body.preload = "auto";
      body.setAttribute("aria-label", (each.kind === "sound" ? "Sound in " : "Video in ") + each.column);
      body.src = each.uri;
    } else if (each.kind === "empty") {
      body = make("p", "Nothing in " + each.column, "void");
    } else if (each.kind === "broken") {
      body = make("p", "Cannot be read: " + each.text, "broken");
    } else {
      body = make("p", each.text, "fact");
      body.dir = "auto";
    }
    if (each.kind !== "empty" && (several || each.kind === "fact" || each.kind === "broken")) { holder.append(make("span", each.column, "column")); }
    holder.append(body);
    if (each.cut) { holder.append(make("span", "There is more of it in the table.", "column")); }
    return holder;
  }
  function spoken(row) {
    var words = row.pieces.map(function (each) {
      if (each.kind === "words" || each.kind === "fact") { return each.text.slice(0, 400); }
      return { picture: "A picture.", sound: "A sound; press space to play.", clip: "A video; press space to play.", empty: "Nothing in " + each.column + ".", broken: each.column + " cannot be read." }[each.kind] || "";
    });
    return "Row " + row.number + ". " + words.join(" ");
  }
  function show(view, quiet) {
    var before = now && now.row;
    now = view.now;
    tell(view.progress);
    if (!now) { finished(view.progress); return; }
    document.body.classList.remove("over");
    at("answer").hidden = false;
    if (before !== now.row || !quiet) { place(now); }
    var marks = at("marks");
    marks.replaceChildren();
    at("flag").setAttribute("aria-pressed", String(now.flagged));
    if (now.flagged) { marks.append(make("span", "flagged", "tag")); }
    if (now.note) { marks.append(make("span", "has a note", "tag")); }
    if (now.answer) { marks.append(make("span", before_said(now.answer), "tag")); }
    if (view.then && view.then !== stale) { stale = view.then; setTimeout(load, 0, view.then); }
  }
  function before_said(answer) {
    if (answer.do === "skip") { return "you skipped it before"; }
    if (answer.do === "unknown") { return "you did not know"; }
    return "you said " + (Array.isArray(answer.value) ? answer.value.join(", ") || "none" : answer.value);
  }
  function place(row) {
    at("h-row").textContent = "Row " + number(row.number);
    var several = new Set(row.pieces.map(function (each) { return each.column; })).size > 1;
    var seen = row.pieces.filter(function (each) { return each.kind === "picture" || each.kind === "clip"; }).length;
    at("pieces").classList.toggle("beside", row.pieces.length === 2 && seen === 1);
    at("pieces").replaceChildren.apply(at("pieces"), row.pieces.map(function (each) { return piece(each, several); }));
    chosen = new Set();
    if (row.answer && row.answer.do === "label" && asked.kind === "sets") { chosen = new Set(row.answer.value); }
    if (asked.kind === "numbers") {
      at("slider").value = row.answer && row.answer.do === "label" ? row.answer.value : (asked.low + asked.high) / 2;
      slid();
    }
    press();
    at("note").value = row.note;
    at("guess").hidden = true;
    openNote(false);
    at("live").textContent = spoken(row);
    if (at("autoplay").checked) { play(true); }
    if (at("guessing").value === "before") { guessNow(row.row); }
    if (window.scrollY > 0 && window.innerWidth < 992) { window.scrollTo(0, 0); }
  }
  // the next row is loaded while this one is looked at
  async function load(id) {
    try {
      var answer = await ask("/api/row/" + encodeURIComponent(id) + "?who=" + encodeURIComponent(who));
      if (!answer.ok) { return; }
      loaded = (await answer.json()).pieces.filter(function (each) { return each.uri; }).map(function (each) {
        if (each.kind === "picture") { var image = new Image(); image.src = each.uri; return image; }
        fetch(each.uri).catch(function () { return null; });
        return each.uri;
      });
    } catch (error) { return; }
  }
  function finished(progress) {
    at("h-row").textContent = "Done";
    at("marks").replaceChildren();
    at("answer").hidden = false;
    document.body.classList.add("over");
    var words = progress.rows === progress.labelled ? "Every row has a label." : "There is no row left for you: the others have a label, or you did not know.";
    at("pieces").replaceChildren(make("blockquote", words), make("p", "Save the table, and end the server with Ctrl-C in its window: it says there what to do next.", "fact"));
    at("live").textContent = words;
    Array.from(at("choices").children).concat([at("skip"), at("unknown"), at("flag"), at("noting"), at("submit")]).forEach(function (each) { each.disabled = true; });
  }

  // -- how far it is ---------------------------------------------------------------------------

  function tell(progress) {
    var mine = progress.mine, said = [number(progress.labelled) + " of " + some(progress.rows, "row") + " labelled"];
    if (mine.skipped) { said.push(number(mine.skipped) + " skipped"); }
    if (mine.unknown) { said.push(number(mine.unknown) + " not known"); }
    if (mine.flagged) { said.push(number(mine.flagged) + " flagged"); }
    at("count").textContent = said.join(" · ");
    at("track").setAttribute("aria-valuemax", progress.rows);
    at("track").setAttribute("aria-valuenow", progress.labelled);
    at("track").firstElementChild.style.width = 100 * progress.labelled / Math.max(1, progress.rows) + "%";
    at("undo").disabled = !mine.undo;
    Array.from(at("choices").children).concat([at("skip"), at("unknown"), at("flag"), at("noting"), at("submit")]).forEach(function (each) { each.disabled = false; });
    var pairs = progress.classes.length ? progress.classes : progress.bins;
    var most = Math.max.apply(null, pairs.map(function (pair) { return pair[1]; }).concat([1]));
    at("classes").tBodies[0].replaceChildren.apply(at("classes").tBodies[0], pairs.map(function (pair) {
      var line = make("tr"), name = make("th", pair[0]), bar = make("td"), meter = make("div", null, "meter"), fill = make("i");
      name.scope = "row";
      bar.setAttribute("aria-hidden", "true");
      fill.style.width = 100 * pair[1] / most + "%";
      meter.append(fill);
      bar.append(meter);
      line.append(name, bar, make("td", number(pair[1]), "num"));
      return line;
    }));
    at("people").textContent = progress.annotators.length > 1 ? progress.annotators.map(function (pair) { return pair[0] + ": " + number(pair[1]); }).join(" · ") : "";
    at("agreement").textContent = progress.agreement;
    at("advice").textContent = progress.advice;
    curve(progress);
    encoding(progress);
    clearTimeout(polling);
    polling = setTimeout(poll, progress.learning ? 700 : progress.encoding.complete ? 4000 : 1500);
  }
  function encoding(progress) {
    var code = progress.encoding, words = "";
    if (!code.possible) { words = "Nothing in the table is encoded, so that rows come in random order."; }
    else if (code.error) { words = "Encoding ended: " + code.error + " Rows that have no features come in random order."; }
    else if (!code.complete) { words = number(code.done) + " of " + some(progress.rows, "row") + " encoded; the others come later."; }
    else { words = { random: "Rows come in random order.", table: "Rows come in the order of the table." }[progress.strategy] || "The row that teaches most comes next (strategy " + progress.strategy + ")."; }
    if (progress.learning_error) { words += " Ranking failed: " + progress.learning_error; }
    at("encoding").textContent = words;
    at("encoded").hidden = code.complete || !code.possible;
    at("encoded").firstElementChild.style.width = 100 * code.done / Math.max(1, progress.rows) + "%";
  }
  function two(x) { return x.toFixed(2); }
  function curve(progress) {
    var points = progress.curve, last = points[points.length - 1], figure = at("curve");
    if (!last) {
      at("scored").replaceChildren(make("span", progress.encoding.possible ? "After about ten labels this says how well a model predicts them." : ""));
      figure.replaceChildren();
      return;
    }
    var base = progress.baseline === null ? "" : "; always the most frequent label: " + two(progress.baseline);
    at("scored").replaceChildren(progress.measure + " " + two(last[1]), make("span", "95 % interval " + two(last[2]) + " to " + two(last[3]) + base + ". Told by the " + number(last[0]) + " labelled rows, each by a model that had not seen it; they were chosen, and are no random sample."));
    var W = 320, H = 150, left = 34, right = 8, top = 8, bottom = 24;
    var values = points.flatMap(function (p) { return [p[2], p[3]]; }).concat(progress.baseline === null ? [] : [progress.baseline]);
    var low = Math.max(-1, Math.floor(Math.min.apply(null, values) * 10) / 10), high = Math.min(1, Math.ceil(Math.max.apply(null, values) * 10) / 10);
    if (high <= low) { high = low + .1; }
    var first = points.length > 1 ? points[0][0] : 0;
    function x(n) { return left + (n - first) / Math.max(1, last[0] - first) * (W - left - right); }
    function y(v) { return top + (high - v) / (high - low) * (H - top - bottom); }
    var ns = "http://www.w3.org/2000/svg", svg = document.createElementNS(ns, "svg");
    svg.setAttribute("viewBox", "0 0 " + W + " " + H);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "Learning curve: " + progress.measure + " " + two(points[0][1]) + " with " + points[0][0] + " labels, " + two(last[1]) + " with " + last[0] + ".");
    function draw(tag, values, words) {
      var made = document.createElementNS(ns, tag);
      Object.keys(values).forEach(function (name) { made.setAttribute(name, values[name]); });
      if (words !== undefined) { made.textContent = words; }
      svg.append(made);
    }
    [low, (low + high) / 2, high].forEach(function (v) {
      draw("line", { "class": "axis", x1: left, x2: W - right, y1: y(v), y2: y(v) });
      draw("text", { x: left - 5, y: y(v) + 4, "text-anchor": "end" }, two(v));
    });
    if (progress.baseline !== null) { draw("line", { "class": "ideal", x1: left, x2: W - right, y1: y(progress.baseline), y2: y(progress.baseline) }); }
    if (points.length > 1) {
      draw("path", { "class": "band", d: "M" + points.map(function (p) { return x(p[0]) + " " + y(p[3]); }).join("L") + "L" + points.slice().reverse().map(function (p) { return x(p[0]) + " " + y(p[2]); }).join("L") + "Z" });
      draw("path", { "class": "stroke", d: "M" + points.map(function (p) { return x(p[0]) + " " + y(p[1]); }).join("L") });
      draw("text", { x: left, y: H - 6 }, String(points[0][0]));
    }
    draw("circle", { "class": "mark", cx: x(last[0]), cy: y(last[1]), r: 4 });
    draw("text", { x: W - right, y: H - 6, "text-anchor": "end" }, last[0] + " labels");
    figure.replaceChildren(svg);
  }
  async function poll() {
    if (document.hidden || busy) { polling = setTimeout(poll, 2000); return; }
    try {
      var answer = await ask("/api/progress?who=" + encodeURIComponent(who));
      if (answer.ok && !busy) { tell(await answer.json()); if (!now) { refresh(); } return; }
    } catch (error) { polling = setTimeout(poll, 4000); return; }
    polling = setTimeout(poll, 4000);
  }
  function tellGuess(guess, lead) {
    at("guess").hidden = !guess;
    if (guess) { at("guess").textContent = lead + guess.text + (guess.sure === null ? "" : " (" + Math.round(100 * guess.sure) + " % sure)"); }
  }
  async function guessNow(id) {
    try {
      var answer = await ask("/api/guess?row=" + encodeURIComponent(id));
      if (answer.ok && now && now.row === id) { tellGuess(await answer.json(), "The model thinks: "); }
    } catch (error) { return; }
  }

  // -- answers ---------------------------------------------------------------------------------

  function choose(name, button) {
    if (!now || busy) { return; }
    if (asked.kind === "sets") {
      if (chosen.has(name)) { chosen.delete(name); } else { chosen.add(name); }
      press();
      return;
    }
    button.classList.add("chosen");
    act("label", asked.kind === "numbers" ? Number(name) : name).finally(function () { button.classList.remove("chosen"); });
  }
  function press() {
    Array.from(at("choices").children).forEach(function (button) {
      if (asked.kind === "sets") { button.setAttribute("aria-pressed", String(chosen.has(button.dataset.name))); }
      button.classList.toggle("before", Boolean(now && now.answer && now.answer.do === "label" && asked.kind !== "sets" && String(now.answer.value) === button.dataset.name));
    });
  }
  function slid() { at("value").textContent = String(Number(Number(at("slider").value).toPrecision(6))); }
  function submit() {
    if (asked.kind === "sets") { act("label", Array.from(chosen)); }
    if (asked.kind === "numbers") { act("label", Number(at("slider").value)); }
  }
  function openNote(open) {
    at("note-form").hidden = !open;
    at("noting").setAttribute("aria-expanded", String(open));
    if (open) { at("note").focus(); }
  }
  function play(fromStart) {
    var media = at("pieces").querySelector("audio,video");
    if (!media) { return false; }
    if (media.paused || fromStart) { media.play().catch(function () { return null; }); } else { media.pause(); }
    return true;
  }
  var names = asked.kind === "numbers" ? asked.marks.map(String) : asked.classes, byKey = {};
  at("choices").classList.toggle("marks", asked.kind === "numbers");
  names.forEach(function (name, i) {
    var button = make("button", name);
    button.type = "button";
    button.dataset.name = name;
    button.dir = "auto";
    asked.keys[i].forEach(function (key) {
      byKey[key] = button;
      var shown = make("kbd", key.toUpperCase());
      shown.setAttribute("aria-hidden", "true");
      button.append(shown);
    });
    if (asked.keys[i].length) { button.setAttribute("aria-keyshortcuts", asked.keys[i].join(" ")); }
    button.addEventListener("click", function (event) {
      // after a click of the mouse, the space bar plays and does not answer once more
      if (event.detail > 0) { at("row").focus({ preventScroll: true }); }
      choose(name, button);
    });
    at("choices").append(button);
  });
  at("choices").setAttribute("aria-label", asked.kind === "sets" ? "Choose all labels that fit" : asked.kind === "numbers" ? "Choose a number" : "Choose a label");
  at("submit").hidden = asked.kind === "classes";
  at("scale").hidden = asked.kind !== "numbers";
  if (asked.kind === "numbers") {
    at("slider").min = asked.low;
    at("slider").max = asked.high;
    at("slider").step = asked.step;
    at("slider").addEventListener("input", slid);
  }
  at("submit").addEventListener("click", submit);
  at("undo").addEventListener("click", function () { act("undo"); });
  at("skip").addEventListener("click", function () { act("skip"); });
  at("unknown").addEventListener("click", function () { act("unknown"); });
  at("flag").addEventListener("click", function () { if (now) { act("flag", !now.flagged, true); } });
  at("noting").addEventListener("click", function () { openNote(at("note-form").hidden); });
  at("note-form").addEventListener("submit", function (event) {
    event.preventDefault();
    act("note", at("note").value, true).then(function () { openNote(false); at("noting").focus(); });
  });
  at("note").addEventListener("keydown", function (event) {
    if (event.key === "Escape") { openNote(false); at("noting").focus(); }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { at("note-form").requestSubmit(); }
  });
  at("save").addEventListener("click", async function () {
    at("saved").textContent = "Saving …";
    try {
      var answer = await ask("/api/save", {});
      at("saved").textContent = answer.ok ? "Saved: " + (await answer.json()).files.join(", ") : "Not saved: " + await told(answer);
    } catch (error) { at("saved").textContent = "Not saved: the server does not answer. Your labels are in its journal."; }
  });
  at("rename").addEventListener("submit", function (event) {
    event.preventDefault();
    var name = at("name").value.trim();
    if (name) { keep("who", name); location.search = "?who=" + encodeURIComponent(name); }
  });
  ["guessing", "keyed", "autoplay"].forEach(function (id) {
    var box = at(id), kept = recall(id);
    if (kept !== null) { if (box.type === "checkbox") { box.checked = kept === "yes"; } else { box.value = kept; } }
    box.addEventListener("change", function () {
      keep(id, box.type === "checkbox" ? (box.checked ? "yes" : "no") : box.value);
      at("guess").hidden = true;
      if (id === "guessing" && box.value === "before" && now) { guessNow(now.row); }
    });
  });
  document.addEventListener("keydown", function (event) {
    if (!at("keyed").checked || event.altKey || event.metaKey || event.defaultPrevented) { return; }
    var on = event.target, tag = on.tagName;
    if (event.ctrlKey) {
      if (event.key === "z" && tag !== "TEXTAREA" && tag !== "INPUT") { event.preventDefault(); act("undo"); }
      return;
    }
    if (tag === "TEXTAREA" || tag === "SELECT" || (tag === "INPUT" && on.type !== "checkbox" && on.type !== "range")) { return; }
    var slider = tag === "INPUT" && on.type === "range", key = event.key;
    if (key === " " && (tag === "BUTTON" || tag === "SUMMARY" || tag === "INPUT" || tag === "A" || tag === "AUDIO" || tag === "VIDEO")) { return; }
    if (key === "Enter" && (tag === "BUTTON" || tag === "SUMMARY" || tag === "A") && !(asked.kind === "sets" && on.parentElement === at("choices"))) { return; }
    if (key === "ArrowRight" && (slider || tag === "AUDIO" || tag === "VIDEO" || (tag === "BLOCKQUOTE" && on.scrollWidth > on.clientWidth))) { return; }
    if (event.repeat) { if (key === " " || byKey[key.toLowerCase()]) { event.preventDefault(); } return; }
    var button = byKey[key.toLowerCase()];
    if (button) { event.preventDefault(); if (!button.disabled) { choose(button.dataset.name, button); } }
    else if (key === "Enter" && asked.kind !== "classes") { event.preventDefault(); submit(); }
    else if (key === "Backspace") { event.preventDefault(); if (!at("undo").disabled) { act("undo"); } }
    else if (key === "ArrowRight") { event.preventDefault(); act("skip"); }
    else if (key === "?") { event.preventDefault(); act("unknown"); }
    else if (key === "!") { event.preventDefault(); if (now) { act("flag", !now.flagged, true); } }
    else if (key === ".") { event.preventDefault(); openNote(true); }
    else if (key === " " && play(false)) { event.preventDefault(); }
  });
  document.addEventListener("visibilitychange", function () { if (!document.hidden && !busy) { look(); } });
  window.addEventListener("pageshow", function (event) { if (event.persisted && !busy) { refresh(); } });
  // another tab may have answered the row that this one shows
  async function look() {
    try {
      var answer = await ask("/api/state?who=" + encodeURIComponent(who));
      if (!answer.ok || busy) { return; }
      var view = await answer.json();
      if (!now || !view.now || view.now.row !== now.row) { show(view); } else { tell(view.progress); }
    } catch (error) { return; }
  }

  var root = document.documentElement, theme = document.querySelector("button.theme"), dark = matchMedia("(prefers-color-scheme: dark)");
  function lit() { return root.dataset.theme || (dark.matches ? "dark" : "light"); }
  function word() { theme.textContent = lit() === "dark" ? theme.dataset.light : theme.dataset.dark; }
  if (recall("theme")) { root.dataset.theme = recall("theme"); }
  theme.hidden = false;
  theme.addEventListener("click", function () { root.dataset.theme = lit() === "dark" ? "light" : "dark"; keep("theme", root.dataset.theme); word(); });
  dark.addEventListener("change", word);
  word();

  at("target").textContent = setup.target;
  document.title = "Label " + setup.target;
  at("who").textContent = who;
  at("name").value = who;
  at("names").append.apply(at("names"), setup.annotators.map(function (name) { var option = make("option"); option.value = name; return option; }));
  sendKept().then(refresh).then(function () {
    var words = [];
    if (setup.strangers) { words.push(some(setup.strangers, "answer") + " of before are of rows or labels that the table no longer has; they stay in the journal."); }
    if (setup.lost) { words.push(some(setup.lost, "line") + " of the journal could not be read, and was not acknowledged or was damaged."); }
    if (words.length && at("trouble").hidden) { trouble(words.join(" ")); }
  });
})();
