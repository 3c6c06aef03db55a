(function () {
  "use strict";
  var NS = "http://www.w3.org/2000/svg", LANES = 8, VOICES = 6;
  var data = JSON.parse(document.getElementById("data").textContent);
  var root = document.documentElement, rows = data.windows, language = data.language;
  var player = document.getElementById("player"), chart = document.getElementById("chart");
  var seconds = data.seconds, zoom = 1, from = 0, now = 0, dead = false, cursor, knob, here, plot;
  var middles = rows.map(function (row) { return (row.start + row.end) / 2; });

  function byId(id) { return document.getElementById(id); }
  function w(key, values) {
    return data.words[language][key].replace(/\{(\w+)\}/g, function (whole, name) {
      return values && name in values ? values[name] : whole;
    });
  }
  function clock(value) {
    var s = Math.floor(Math.max(value, 0) + 1e-6), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    var two = function (n) { return (n < 10 ? "0" : "") + n; };
    return h ? h + ":" + two(m) + ":" + two(s % 60) : m + ":" + two(s % 60);
  }
  function signed(value) {
    if (value === null || value === undefined) { return "–"; }
    return (value < 0 ? "−" : value > 0 ? "+" : "") + Math.abs(value).toFixed(2);
  }
  function indexName() { var key = "of:" + data.index; return data.words[language][key] || data.index; }
  function share() { return Math.round(data.confidence * 1000) / 10 + " %"; }
  function between(low, high) {
    return low === null || high === null ? "" : w("between", { share: share(), low: signed(low), high: signed(high) });
  }
  function el(name, attributes, parent, text) {
    var made = document.createElementNS(NS, name);
    Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    if (text !== undefined) { made.textContent = text; }
    if (parent) { parent.appendChild(made); }
    return made;
  }
  function node(name, parent, text, className) {
    var made = document.createElement(name);
    if (text !== undefined && text !== null) { made.textContent = text; }
    if (className) { made.className = className; }
    if (parent) { parent.appendChild(made); }
    return made;
  }
  function voice(name) {
    for (var i = 0; i < data.speakers.length; i++) {
      if (data.speakers[i].name === name) { return i < LANES ? "var(--v" + i % VOICES + ")" : "var(--muted)"; }
    }
    return "var(--muted)";
  }

  /* -- the chart: as wide as the screen lets it be, of the part of time that is shown */
  function draw() {
    var width = Math.max(280, chart.clientWidth), left = 42, right = 8, top = 12, high = width < 560 ? 190 : 260;
    var views = rows.some(function (row) { return row.views; }) ? viewNames() : [];
    var lanes = Math.min(data.speakers.length, LANES) + (data.speakers.length > LANES ? 1 : 0);
    var below = top + high + 12, laneHigh = 20, viewHigh = 14;
    var longest = data.speakers.map(function (each) { return each.name; }).slice(0, LANES).concat(views).reduce(function (n, name) {
      return Math.max(n, name.length);
    }, 0);
    left = Math.min(Math.max(left, 14 + 7 * longest), Math.max(left, width * .2), 110);
    var height = below + lanes * laneHigh + (views.length ? views.length * viewHigh + 10 : 0) + 26;
    var span = seconds / zoom;
    from = Math.min(Math.max(from, 0), Math.max(0, seconds - span));
    var range = limits();
    plot = {
      left: left, right: right, width: width, span: span,
      x: function (t) { return left + (t - from) / span * (width - left - right); },
      y: function (v) { return top + (range[1] - v) / (range[1] - range[0]) * high; },
      t: function (x) { return from + (x - left) / (width - left - right) * span; }
    };
    chart.textContent = "";
    var svg = el("svg", { viewBox: "0 0 " + width + " " + height, height: height, "aria-hidden": "true" }, chart);
    var clip = el("clipPath", { id: "inside" }, el("defs", {}, svg));
    el("rect", { x: left, y: 0, width: width - left - right, height: height }, clip);
    ticks(range).forEach(function (value) {
      el("line", { x1: left, x2: width - right, y1: plot.y(value), y2: plot.y(value), "class": "tick" }, svg);
      el("text", { x: left - 6, y: plot.y(value) + 4, "text-anchor": "end" }, svg, signed(value).replace(/^([−+]?\d)\.00$/, "$1"));
    });
    var inside = el("g", { "clip-path": "url(#inside)" }, svg);
    curve(inside);
    if (lanes) { speakers(svg, inside, below, laneHigh, lanes); }
    if (views.length) { shares(svg, inside, below + lanes * laneHigh + 8, viewHigh, views); }
    times(svg, height - 6, top, height - 24);
    peaks(inside);
    here = el("line", { "class": "here", y1: top - 4, y2: height - 24 }, inside);
    cursor = el("line", { "class": "cursor", y1: top - 4, y2: height - 24 }, inside);
    knob = el("circle", { "class": "knob", r: 4.5, cy: top - 4 }, inside);
    move(now);
  }
  function limits() {
    if (data.bounds) {
      var gap = (data.bounds[1] - data.bounds[0]) * .05;
      return [data.bounds[0] - gap, data.bounds[1] + gap];
    }
    var low = Infinity, high = -Infinity;
    rows.forEach(function (row) {
      [row.index, row.smoothed].concat(row.interval || []).forEach(function (v) {
        if (v !== null) { low = Math.min(low, v); high = Math.max(high, v); }
      });
    });
    return high > low ? [low - (high - low) * .05, high + (high - low) * .05] : [low - 1, low + 1];
  }
  function ticks(range) {
    if (data.bounds && range[1] - range[0] < 2.3 && range[1] - range[0] > 2.1) { return [-1, -.5, 0, .5, 1]; }
    var rough = (range[1] - range[0]) / 4, size = Math.pow(10, Math.floor(Math.log(rough) / Math.LN10)), found = [];
    var step = [1, 2, 2.5, 5, 10].map(function (n) { return n * size; }).filter(function (n) { return n >= rough; })[0];
    for (var v = Math.ceil(range[0] / step) * step; v <= range[1]; v += step) { found.push(Math.abs(v) < step / 1e6 ? 0 : v); }
    return found;
  }
  /* windows of the part that is shown, no more of them than pixels tell apart */
  function shown() {
    var found = [], a = from - data.window, b = from + plot.span + data.window;
    for (var i = 0; i < rows.length; i++) { if (middles[i] >= a && middles[i] <= b) { found.push(i); } }
    var every = Math.ceil(found.length / 1500);
    return every > 1 ? found.filter(function (i) { return i % every === 0; }) : found;
  }
  function curve(inside) {
    var at = shown(), solid = "", guess = "", up = "", down = "", pen = false, before = false;
    at.forEach(function (i) {
      var row = rows[i], x = plot.x(middles[i]).toFixed(1);
      if (row.interval) {
        up += (up ? "L" : "M") + x + " " + plot.y(row.interval[1]).toFixed(1);
        down = "L" + x + " " + plot.y(row.interval[0]).toFixed(1) + down;
      }
      if (row.smoothed === null) { pen = before = false; return; }
      var point = x + " " + plot.y(row.smoothed).toFixed(1), known = row.index !== null;
      solid += known ? (pen ? "L" : "M") + point : "";
      guess += known && pen ? "M" + point : (before ? "L" : "M") + point;
      pen = known; before = true;
    });
    if (up) { el("path", { d: up + down + "Z", "class": "band" }, inside); }
    at.forEach(function (i) {
      if (rows[i].index !== null) { el("circle", { cx: plot.x(middles[i]).toFixed(1), cy: plot.y(rows[i].index).toFixed(1), r: at.length > 500 ? 1.2 : 1.9, "class": "dot" }, inside); }
    });
    el("path", { d: guess || "M0 0", "class": "line guess" }, inside);
    el("path", { d: solid || "M0 0", "class": "line" }, inside);
  }
  function short(name) { var most = Math.floor((plot.left - 10) / 7); return name.length > most ? name.slice(0, most - 1) + "…" : name; }
  function speakers(svg, inside, top, high, lanes) {
    var lane = {};
    data.speakers.forEach(function (each, i) { lane[each.name] = Math.min(i, lanes - 1); });
    for (var i = 0; i < lanes; i++) {
      var label = data.speakers.length > LANES && i === lanes - 1 ? w("others") : data.speakers[i].name;
      el("text", { x: plot.left - 6, y: top + i * high + high / 2 + 4, "text-anchor": "end" }, svg, short(label));
      el("rect", { x: plot.left, y: top + i * high + 3, width: plot.width - plot.left - plot.right, height: high - 6, rx: 3, "class": "rail" }, inside);
    }
    data.turns.forEach(function (turn) {
      if (turn.end < from || turn.start > from + plot.span) { return; }
      var bar = el("rect", {
        x: plot.x(turn.start), y: top + lane[turn.speaker] * high + 3, rx: 2, "class": "turn",
        width: Math.max(1, plot.x(turn.end) - plot.x(turn.start)), height: high - 6
      }, inside);
      bar.style.fill = voice(turn.speaker);
    });
  }
  function viewNames() {
    var found = rows.filter(function (row) { return row.views; })[0];
    return found ? Object.keys(found.views) : [];
  }
  function shares(svg, inside, top, high, views) {
    views.forEach(function (name, n) {
      el("text", { x: plot.left - 6, y: top + n * high + high - 3, "text-anchor": "end" }, svg, short(name));
      el("rect", { x: plot.left, y: top + n * high + 2, width: plot.width - plot.left - plot.right, height: high - 4, "class": "rail" }, inside);
    });
    var at = shown();
    at.forEach(function (i, k) {
      if (!rows[i].views) { return; }
      var a = k ? (middles[at[k - 1]] + middles[i]) / 2 : middles[i] - data.hop / 2;
      var b = k + 1 < at.length ? (middles[at[k + 1]] + middles[i]) / 2 : middles[i] + data.hop / 2;
      views.forEach(function (name, n) {
        var value = rows[i].views[name].share;
        if (value > .004) {
          el("rect", { x: plot.x(a), width: Math.max(.5, plot.x(b) - plot.x(a) + .3), y: top + n * high + 2, height: high - 4, "class": "share", opacity: value }, inside);
        }
      });
    });
  }
  function times(svg, y, top, bottom) {
    var steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200], most = Math.max(3, Math.floor((plot.width - plot.left) / 70));
    var step = steps.filter(function (each) { return plot.span / each <= most; })[0] || 14400;
    for (var t = Math.ceil(from / step) * step; t <= from + plot.span + 1e-6; t += step) {
      el("line", { x1: plot.x(t), x2: plot.x(t), y1: bottom, y2: bottom + 4, "class": "tick" }, svg);
      el("text", { x: Math.min(Math.max(plot.x(t), plot.left + 8), plot.width - 18), y: y, "text-anchor": "middle" }, svg, clock(t));
    }
  }
  function peaks(inside) {
    data.peaks.forEach(function (peak, n) {
      var group = el("g", { "class": "peak" }, inside);
      el("circle", { cx: plot.x(peak.time), cy: plot.y(peak.value), r: 9 }, group);
      el("text", { x: plot.x(peak.time), y: plot.y(peak.value) + 4 }, group, n + 1);
      group.addEventListener("pointerdown", function (event) { event.stopPropagation(); seek(peak.time); });
    });
  }

  /* -- where the player is */
  function nearest(t) {
    var best = 0;
    for (var i = 1; i < middles.length; i++) { if (Math.abs(middles[i] - t) < Math.abs(middles[best] - t)) { best = i; } }
    return best;
  }
  function move(t) {
    now = Math.min(Math.max(t, 0), seconds);
    if (zoom > 1 && (now < from || now > from + plot.span)) {
      from = now - plot.span / 4;
      draw();
      return;
    }
    cursor.setAttribute("x1", plot.x(now)); cursor.setAttribute("x2", plot.x(now)); knob.setAttribute("cx", plot.x(now));
    byId("clock").textContent = clock(now) + " / " + clock(seconds);
    var row = rows[nearest(now)];
    chart.setAttribute("aria-valuemax", seconds.toFixed(1));
    chart.setAttribute("aria-valuenow", now.toFixed(1));
    chart.setAttribute("aria-valuetext", clock(now) + ", " + indexName() + " " + signed(row.smoothed) + (row.speaker ? ", " + row.speaker : ""));
    tell(row);
  }
  function pair(list, name) { node("dt", list, name); return node("dd", list); }
  function tell(row) {
    var list = byId("now");
    list.textContent = "";
    var value = pair(list, indexName()), low = row.interval ? between(row.interval[0], row.interval[1]) : "";
    node("b", value, signed(row.smoothed), "num");
    if (low) { node("span", value, "  " + low, "small"); }
    var said = pair(list, w("predicted"));
    if (row.prediction === null) { node("span", said, w("silence"), "muted"); }
    else if (row.probabilities) {
      said.className = "bars";
      Object.keys(row.probabilities).forEach(function (name) {
        var p = row.probabilities[name], each = node("span", said);
        node(name === String(row.prediction) ? "b" : "span", each, name);
        node("i", each).style.setProperty("--p", (p * 100).toFixed(1) + "%");
        node("span", each, (p * 100).toFixed(0) + " %");
      });
    } else { said.textContent = typeof row.prediction === "number" ? signed(row.prediction) : row.prediction; }
    if (data.speakers.length) { pair(list, w("speaker")).textContent = row.speaker || w("nobody"); }
    if (row.said) { pair(list, w("said")).textContent = row.said; }
    if (row.missing.length) { pair(list, w("lacks")).textContent = row.missing.join(", "); }
  }
  function seek(t) {
    t = Math.min(Math.max(t, 0), seconds);
    if (!dead && player.readyState > 0) { player.currentTime = Math.min(t, Math.max(0, (player.duration || seconds) - .01)); }
    move(t);
  }
  function toggle() {
    if (dead) { return; }
    if (player.paused) { player.play().catch(function () { }); } else { player.pause(); }
  }
  function follow() {
    move(player.currentTime);
    if (!player.paused && !player.ended) { window.requestAnimationFrame(follow); }
  }
  function jump(forward) {
    var there = data.peaks.map(function (peak) { return peak.time; }).filter(function (t) { return forward ? t > now + .05 : t < now - .05; });
    if (there.length) { seek(forward ? there[0] : there[there.length - 1]); }
  }
  function zoomTo(value) {
    var most = Math.max(1, Math.pow(2, Math.ceil(Math.log(seconds / 15) / Math.LN2)));
    zoom = Math.min(Math.max(value, 1), most);
    from = now - seconds / zoom / 2;
    byId("out").disabled = byId("whole").disabled = zoom <= 1;
    byId("in").disabled = zoom >= most;
    draw();
  }
  chart.addEventListener("pointerdown", function (event) {
    if (event.button) { return; }
    var box = chart.getBoundingClientRect();
    try { chart.setPointerCapture(event.pointerId); } catch (error) { /* a pointer that is gone */ }
    seek(plot.t((event.clientX - box.left) / box.width * plot.width));
  });
  chart.addEventListener("pointermove", function (event) {
    var box = chart.getBoundingClientRect(), t = plot.t((event.clientX - box.left) / box.width * plot.width);
    var inside = t >= from && t <= from + plot.span;
    here.style.opacity = inside && event.pointerType === "mouse" ? 1 : 0;
    here.setAttribute("x1", plot.x(t)); here.setAttribute("x2", plot.x(t));
    if (event.buttons === 1 && chart.hasPointerCapture && chart.hasPointerCapture(event.pointerId)) { seek(t); }
  });
  chart.addEventListener("pointerleave", function () { here.style.opacity = 0; });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    var name = event.target.tagName, step = event.shiftKey ? 10 : data.hop, done = true;
    var own = name === "BUTTON" || name === "AUDIO" || name === "VIDEO" || event.target.className === "scroll";
    if (event.key === " " && !own) { toggle(); }
    else if (event.key === "ArrowRight" && !own) { seek(now + step); }
    else if (event.key === "ArrowLeft" && !own) { seek(now - step); }
    else if (event.target === chart && event.key === "ArrowUp") { seek(now + step); }
    else if (event.target === chart && event.key === "ArrowDown") { seek(now - step); }
    else if (event.target === chart && event.key === "PageUp") { seek(now + 10); }
    else if (event.target === chart && event.key === "PageDown") { seek(now - 10); }
    else if (event.target === chart && event.key === "Home") { seek(0); }
    else if (event.target === chart && event.key === "End") { seek(seconds); }
    else if (event.key === "n" || event.key === "N") { jump(true); }
    else if (event.key === "p" || event.key === "P") { jump(false); }
    else if (event.key === "+" || event.key === "=") { zoomTo(zoom * 2); }
    else if (event.key === "-" || event.key === "−") { zoomTo(zoom / 2); }
    else { done = false; }
    if (done) { event.preventDefault(); }
  });
  byId("in").addEventListener("click", function () { zoomTo(zoom * 2); });
  byId("out").addEventListener("click", function () { zoomTo(zoom / 2); });
  byId("whole").addEventListener("click", function () { zoomTo(1); });
  byId("play").addEventListener("click", toggle);
  ["play", "pause", "ended"].forEach(function (name) { player.addEventListener(name, function () { said(); follow(); }); });
  ["timeupdate", "seeked"].forEach(function (name) { player.addEventListener(name, function () { if (player.paused) { move(player.currentTime); } }); });
  player.addEventListener("loadedmetadata", function () { if (now > 0) { seek(now); } });
  function gone() { dead = true; byId("unplayable").hidden = false; byId("stage").hidden = true; byId("play").disabled = true; }
  player.addEventListener("error", gone);
  player.querySelector("source").addEventListener("error", gone);
  function said() { byId("play").textContent = player.paused || player.ended ? "▶ " + w("play") : "❚❚ " + w("pause"); }

  /* -- what stands around it, in the language that is chosen */
  function tile(name, value, range) {
    var made = node("div", byId("tiles"), null, "tile");
    node("div", made, name, "name"); node("div", made, value, "value"); node("div", made, range, "range");
  }
  function write() {
    root.lang = language === "zh" ? "zh-Hans" : "en";
    document.title = w("title", { name: data.file });
    byId("title").textContent = document.title;
    byId("facts").textContent = w("facts", { length: clock(seconds), n: rows.length, window: data.window, hop: data.hop, model: data.model });
    document.querySelectorAll("[data-w]").forEach(function (each) { each.textContent = w(each.dataset.w); });
    document.querySelectorAll("[data-t]").forEach(function (each) { each.title = w(each.dataset.t); each.setAttribute("aria-label", each.title); });
    byId("language").lang = language === "zh" ? "en" : "zh-Hans";
    byId("lead").textContent = w("lead", { share: share() }) + (data.linked ? " " + w("linked", { file: data.linked }) : "");
    byId("keys").textContent = w("keys", { hop: data.hop });
    byId("made").textContent = w("made", { version: data.version });
    chart.setAttribute("aria-label", w("curve", { index: indexName() }));
    byId("tiles").textContent = "";
    tile(w("mean"), signed(data.mean), data.interval ? between(data.interval[0], data.interval[1]) : indexName());
    var known = rows.filter(function (row) { return row.index !== null && row.smoothed !== null; });
    if (known.length) {
      var best = known.reduce(function (a, b) { return b.smoothed > a.smoothed ? b : a; });
      var worst = known.reduce(function (a, b) { return b.smoothed < a.smoothed ? b : a; });
      tile(w("highest"), signed(best.smoothed), w("at", { time: clock((best.start + best.end) / 2) }));
      tile(w("lowest"), signed(worst.smoothed), w("at", { time: clock((worst.start + worst.end) / 2) }));
    }
    moments(); table(); theme(); said();
    byId("told").hidden = !data.notes.length;
    byId("notes").textContent = "";
    data.notes.forEach(function (note, n) {
      var told = language === "zh" ? data.notes_zh[n] : note;
      node("li", byId("notes"), told).lang = told === note ? "en" : root.lang;
    });
    draw();
  }
  function moments() {
    var list = byId("moments");
    list.textContent = "";
    if (!data.peaks.length) { node("li", list, w("no_moments"), "muted"); }
    data.peaks.forEach(function (peak, n) {
      var button = node("button", node("li", list));
      button.type = "button";
      node("b", button, n + 1);
      node("span", button, clock(peak.time), "num");
      node("span", button, signed(peak.value), "num");
      var words = node("span", button, (peak.speaker ? peak.speaker + ": " : "") + (peak.said ? "“" + peak.said + "”" : ""), "said");
      node("span", words, w(peak.high ? "high" : "low") + (peak.sure ? "" : " · " + w("unsure")), "small");
      button.addEventListener("click", function () { seek(peak.time); });
    });
  }
  function table() {
    byId("who").hidden = !data.speakers.length;
    var made = byId("speakers"), total = data.speakers.reduce(function (sum, each) { return sum + each.seconds; }, 0);
    made.textContent = "";
    var head = node("tr", node("thead", made)), body = node("tbody", made);
    ["speaker", "spoke", "share", "overlap", "mean_of", "change"].forEach(function (key, n) {
      var cell = node("th", head, w(key), n ? "num" : "");
      cell.scope = "col";
    });
    data.speakers.forEach(function (each) {
      var line = node("tr", body), name = node("th", line);
      name.scope = "row";
      node("span", name, null, "swatch").style.background = voice(each.name);
      node("span", name, each.name);
      node("td", line, clock(each.seconds), "num");
      node("td", line, (each.seconds / total * 100).toFixed(0) + " %", "num");
      node("td", line, clock(each.overlapped), "num");
      [["mean", "lower", "upper"], ["change", "change_lower", "change_upper"]].forEach(function (keys) {
        var cell = node("td", line, signed(each[keys[0]]), "num");
        if (each[keys[1]] !== null) { node("small", cell, signed(each[keys[1]]) + " … " + signed(each[keys[2]])); }
      });
    });
  }
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function theme() { byId("theme").textContent = look() === "dark" ? w("light") : w("dark"); byId("theme").title = w("theme"); }
  function look() { return root.dataset.theme || (dark.matches ? "dark" : "light"); }
  byId("theme").addEventListener("click", function () { root.dataset.theme = look() === "dark" ? "light" : "dark"; theme(); });
  dark.addEventListener("change", theme);
  byId("language").addEventListener("click", function () { language = language === "zh" ? "en" : "zh"; write(); });
  var waiting = 0;
  window.addEventListener("resize", function () { window.cancelAnimationFrame(waiting); waiting = window.requestAnimationFrame(draw); });
  write();
  zoomTo(1);
})();
