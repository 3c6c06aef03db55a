"use strict";
// Charts in plain SVG: lines with bands, bars, stacked shares. They know numbers, nothing of posts.
const SVG = "http://www.w3.org/2000/svg";

function draw(name, facts = {}, text = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

function niceSteps(low, high, wanted) {
  const raw = (high - low) / Math.max(1, wanted);
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * size).find((k) => k >= raw * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step || 0); // never -0
  return found;
}

const TIME_STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];

function timeSteps(from, to, wanted) {
  const step = TIME_STEPS.find((each) => (to - from) / each <= wanted) || 31536000;
  const zone = new Date(from * 1000).getTimezoneOffset() * 60;
  const found = [];
  for (let at = Math.ceil((from - zone) / step) * step + zone; at <= to; at += step) found.push(at);
  return { step, at: found };
}

// A frame with axes; gives what places numbers in it.
function frame(box, { from, to, low, high, height, written, when, label }) {
  const width = Math.max(260, box.clientWidth || 600);
  const pad = { left: 46, right: 12, top: 10, bottom: 24 };
  const root = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, height });
  const x = (at) => pad.left + ((at - from) / Math.max(1e-9, to - from)) * (width - pad.left - pad.right);
  const y = (value) => pad.top + (1 - (value - low) / Math.max(1e-12, high - low)) * (height - pad.top - pad.bottom);
  for (const value of niceSteps(low, high, Math.max(2, Math.floor(height / 55)))) {
    const zero = Math.abs(value) < 1e-9;
    root.append(draw("line", { class: zero ? "grid zero" : "grid", x1: pad.left, x2: width - pad.right, y1: y(value), y2: y(value) }));
    root.append(draw("text", { x: pad.left - 7, y: y(value) + 4, "text-anchor": "end" }, written(value)));
  }
  const ticks = timeSteps(from, to, Math.max(2, Math.floor((width - 60) / 95)));
  for (const at of ticks.at) {
    if (x(at) < pad.left + 8 || x(at) > width - pad.right - 12) continue;
    root.append(draw("line", { class: "tick", x1: x(at), x2: x(at), y1: height - pad.bottom, y2: height - pad.bottom + 4 }));
    root.append(draw("text", { x: x(at), y: height - 7, "text-anchor": "middle" }, when(at, ticks.step)));
  }
  return { root, x, y, pad, width, height };
}

// Pieces of a line that hold together: a window that was left out makes a gap.
function pieces(points, gap) {
  const found = [];
  for (const point of points) {
    const last = found[found.length - 1];
    if (last && point.at - last[last.length - 1].at <= gap * 1.5) last.push(point);
    else found.push([point]);
  }
  return found;
}

function lines(box, series, facts) {
  const { root, x, y } = facts.made;
  series.forEach((each) => {
    const known = each.points.filter((point) => point.value !== null);
    for (const piece of pieces(known, facts.gap)) {
      const banded = piece.filter((point) => point.low !== null);
      if (banded.length > 1) {
        const top = banded.map((p) => `${x(p.at).toFixed(1)},${y(p.high).toFixed(1)}`);
        const bottom = banded.map((p) => `${x(p.at).toFixed(1)},${y(p.low).toFixed(1)}`).reverse();
        root.append(draw("polygon", { class: `band c${each.color}`, points: [...top, ...bottom].join(" ") }));
      } else if (banded.length) {
        const p = banded[0];
        root.append(draw("line", { class: `whisker c${each.color}`, x1: x(p.at), x2: x(p.at), y1: y(p.low), y2: y(p.high) }));
      }
    }
  });
  series.forEach((each) => {
    const known = each.points.filter((point) => point.value !== null);
    for (const piece of pieces(known, facts.gap)) {
      const path = piece.map((p) => `${x(p.at).toFixed(1)},${y(p.value).toFixed(1)}`).join(" ");
      root.append(draw("polyline", { class: `stroke c${each.color}`, points: path }));
    }
    const last = known[known.length - 1];
    if (last) root.append(draw("circle", { class: `mark c${each.color}`, cx: x(last.at), cy: y(last.value), r: 4 }));
  });
}

function bars(points, facts) {
  const { root, x, y } = facts.made;
  const wide = Math.max(1, Math.min(22, Math.abs(x(facts.gap) - x(0)) * 0.8));
  for (const p of points) {
    const top = y(p.value);
    root.append(draw("rect", { class: p.open ? "bar open" : "bar", x: x(p.at) - wide / 2, y: top, width: wide, height: Math.max(0.5, y(0) - top), rx: Math.min(2, wide / 3) }));
  }
}

function stacked(points, names, facts) {
  const { root, x, y } = facts.made;
  for (const piece of pieces(points, facts.gap)) {
    const sides = piece.length > 1 ? piece : [{ ...piece[0], at: piece[0].at - facts.gap / 2 }, { ...piece[0], at: piece[0].at + facts.gap / 2 }];
    const base = sides.map(() => 0);
    names.forEach((_, k) => {
      const low = [...base];
      sides.forEach((p, i) => { base[i] += p.shares[k] ?? 0; });
      const top = sides.map((p, i) => `${x(p.at).toFixed(1)},${y(Math.min(1, base[i])).toFixed(1)}`);
      const bottom = sides.map((p, i) => `${x(p.at).toFixed(1)},${y(Math.min(1, low[i])).toFixed(1)}`).reverse();
      root.append(draw("polygon", { class: `share s${names[k].color}`, points: [...top, ...bottom].join(" ") }));
    });
  }
}
