// The inputs of the model: what is typed, dropped, pasted or recorded.

import { at, button, clock, make, say } from "./dom.js";
import { record } from "./recorder.js";
import { languageName, size, t } from "./words.js";

const SOUNDS = [".wav", ".ogg", ".mp3"];

let limits = {}, trouble = () => {};

// -- which files an input takes: the server says it by extensions

function takes(input, file) {
  if (input.kind !== "media") { return false; }
  if (!input.accept || !input.accept.length) { return true; }
  const name = file.name.toLowerCase();
  return input.accept.some((ending) => name.endsWith(ending)) || input.types.has(file.type.split("/")[0]);
}

// a file from a clipboard has a type, and no name that tells one
function typesOf(accept) {
  const known = { image: [".png", ".jpg"], audio: SOUNDS, video: [".mp4", ".webm"] };
  return new Set(Object.keys(known).filter((type) => known[type].every((ending) => accept.includes(ending))));
}

class Field {
  constructor(input, place) {
    Object.assign(this, input);
    this.accept = input.accept || [];
    this.types = typesOf(this.accept);
    this.place = place;
    this.content = null;
    this.box = make("div", null, "field");
    this.box.dataset.field = this.field;
    this.build();
  }

  get id() { return "field-" + this.place; }

  head(forId) {
    const head = make("div", null, "name"), label = make("label", this.field);
    label.htmlFor = forId;
    head.append(label);
    const told = [];
    if (this.required) { told.push(t("required")); }
    if (this.languages && this.languages.length && this.languages.length <= 5) {
      told.push(t("languages", { names: this.languages.map(languageName).join(t("and")) }));
    }
    if (told.length) {
      const hint = make("span", told.join(" · "), "small");
      hint.id = this.id + "-hint";
      head.append(hint);
    }
    return head;
  }

  described(element) {
    const parts = ["-hint", "-note"].map((end) => this.id + end).filter((id) => at(id) || this.box.querySelector("#" + id));
    if (parts.length) { element.setAttribute("aria-describedby", parts.join(" ")); }
  }

  focus() { this.box.querySelector("textarea, input:not([type=file]), button, input").focus(); }
}

class Written extends Field {
  build() {
    const area = this.kind === "value" ? make("input") : make("textarea");
    area.id = this.id;
    area.name = this.field;
    area.value = this.content || "";
    area.autocomplete = "off";
    area.placeholder = this.kind === "text" ? t("type_text") : this.kind === "vector" ? t("vector_hint", { n: this.width }) : t("value_hint");
    if (this.kind !== "value") { area.rows = this.kind === "text" ? 4 : 2; area.dir = "auto"; }
    if (this.required) { area.setAttribute("aria-required", "true"); }
    const left = make("span", "", "small left");
    left.id = this.id + "-note";
    left.setAttribute("role", "status");
    area.addEventListener("input", () => { this.content = area.value; this.fit(area); this.count(left); });
    this.box.replaceChildren(this.head(this.id), area, left);
    this.described(area);
    requestAnimationFrame(() => this.fit(area));
    this.count(left);
  }

  fit(area) {
    if (area.tagName !== "TEXTAREA") { return; }
    area.style.height = "auto";
    area.style.height = Math.min(area.scrollHeight + 2, 0.5 * window.innerHeight) + "px";
  }

  count(left) {
    const most = this.kind === "text" ? limits.text : 0, n = most - (this.content || "").length;
    const words = most && n < most / 5 ? (n < 0 ? t("letters_over", { n: -n }) : t("letters_left", { n })) : "";
    if (left.textContent !== words) { left.textContent = words; }
    left.classList.toggle("over", n < 0);
  }

  get empty() { return !(this.content || "").trim(); }

  refused() {
    if (this.kind === "text" && limits.text && this.content.length > limits.text) { return t("too_long", { field: this.field, n: limits.text }); }
    if (this.kind === "vector" && this.numbers().length !== this.width) {
      return t("wrong_vector", { field: this.field, n: this.width, got: this.numbers().length });
    }
    return "";
  }

  numbers() { return this.content.split(/[\s,;[\]]+/).filter(Boolean).map(Number).filter(Number.isFinite); }

  sent() { return this.kind === "vector" ? JSON.stringify(this.numbers()) : this.content; }

  told() { return this.content.trim().replace(/\s+/g, " ").slice(0, 160); }

  set(content) { this.content = content; this.build(); }
}

class Given extends Field {
  build() {
    this.leave();
    const zone = make("div", null, "zone"), row = make("div", null, "row"), chosen = make("input");
    chosen.type = "file";
    chosen.id = this.id;
    chosen.name = this.field;
    chosen.accept = [...this.accept, ...[...this.types].map((type) => type + "/*")].join(",");
    chosen.addEventListener("change", () => { if (chosen.files.length) { this.take(chosen.files[0], chosen.files.length); } });
    const choose = make("span", t(this.content ? "choose_other" : "choose"), "choose");
    const holder = make("label", null, "file");
    holder.append(chosen, choose);
    chosen.setAttribute("aria-label", this.field + ": " + choose.textContent);
    row.append(holder);
    if (SOUNDS.some((ending) => this.accept.includes(ending))) { row.append(this.recordButton()); }
    row.append(make("span", t(this.types.has("image") ? "or_drop_paste" : "or_drop"), "small"));
    zone.append(row);
    const told = make("p", "", "small tick");
    told.id = this.id + "-note";
    zone.append(told);
    if (this.content) { zone.append(this.preview()); }
    const head = this.head(this.id);
    this.box.replaceChildren(head, zone);
    this.described(chosen);
  }

  recordButton() {
    const made = button(t("record"), "record", () => this.record());
    made.setAttribute("aria-label", this.field + ": " + t("record"));
    made.prepend(make("i"));
    return made;
  }

  async record() {
    if (this.machine) { this.machine.stop(); return; }
    trouble("");
    const found = this.box.querySelector(".record"), told = this.box.querySelector(".tick");
    try {
      this.machine = await record(limits.seconds || 600, (seconds) => { told.textContent = t("recording", { time: clock(seconds) }); });
      found.lastChild.textContent = t("stop");
      found.setAttribute("aria-label", this.field + ": " + t("stop"));
      found.classList.add("on");
      told.textContent = t("recording", { time: clock(0) });
      say(t("recording_began"));
      const { blob, seconds } = await this.machine.file;
      this.machine = null;
      this.set(new File([blob], t("recording_name") + ".wav", { type: blob.type }));
      say(t("recorded", { time: clock(seconds) }));
      this.box.querySelector(".record").focus();
    } catch (error) {
      this.machine = null;
      this.build();
      if (!error.key) { throw error; }
      trouble(t(error.key, { why: error.why }));
    }
  }

  take(file, n = 1) {
    if (!takes(this, file)) { trouble(t("not_accepted", { name: file.name, field: this.field })); return false; }
    trouble("");
    this.set(file);
    say(n > 1 ? t("one_file", { name: file.name }) : t("file_taken", { name: file.name, size: size(file.size) }));
    return true;
  }

  preview() {
    const file = this.content, box = make("div", null, "preview"), type = file.type.split("/")[0];
    if (["image", "audio", "video"].includes(type)) {
      const shown = make(type === "image" ? "img" : type);
      this.address = URL.createObjectURL(file);
      if (type === "image") { shown.alt = t("preview_of", { name: file.name }); } else {
        shown.controls = true;
        shown.setAttribute("aria-label", t("preview_of", { name: file.name }));
      }
      shown.addEventListener("error", () => shown.replaceWith(make("p", t("no_preview"), "small")));
      shown.src = this.address;
      box.append(shown);
    }
    const line = make("div", null, "row");
    line.append(make("span", t("file_taken", { name: file.name, size: size(file.size) }), "small filename"));
    line.append(button(t("remove"), "pill", () => { this.set(null); this.focus(); }, t("remove_of", { name: file.name })));
    box.append(line);
    return box;
  }

  leave() {
    if (this.address) { URL.revokeObjectURL(this.address); this.address = null; }
  }

  get empty() { return !this.content; }

  refused() { return ""; }

  sent() { return this.content; }

  told() { return this.content.name; }

  set(content) { this.content = content; this.build(); }
}

// -- all of them

export class Fields {
  constructor(model, told) {
    limits = model.limits || {};
    trouble = told;
    const order = ["text", "media", "value", "vector"];
    const inputs = [...model.inputs].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
    this.all = inputs.map((input, i) => new (input.kind === "media" ? Given : Written)(input, i + 1));
    at("fields").replaceChildren(...this.all.map((each) => each.box));
  }

  redraw() { this.all.forEach((each) => { if (!each.machine) { each.build(); } }); }

  drop(file, n = 1) {
    const near = this.all.find((each) => takes(each, file) && each.empty) || this.all.find((each) => takes(each, file));
    if (near) { return near.take(file, n); }
    trouble(t("no_place", { name: file.name }));
    return false;
  }

  of(element) { return this.all.find((each) => each.box.contains(element)); }

  recorder() { return this.all.find((each) => each.machine) || this.all.find((each) => each.box.querySelector(".record")); }

  clear() { this.all.forEach((each) => { if (each.machine) { each.machine.stop(); } each.set(null); }); }

  // why it cannot be asked, in a sentence
  refused() {
    const filled = this.all.filter((each) => !each.empty);
    for (const each of this.all) {
      if (each.required && each.empty) { return [t("needs", { field: each.field }), each]; }
    }
    if (!filled.some((each) => each.views.length || each.kind === "vector")) { return [t("nothing"), this.all[0]]; }
    for (const each of filled) {
      const why = each.refused();
      if (why) { return [why, each]; }
    }
    const files = filled.filter((each) => each.kind === "media"), whole = files.reduce((sum, each) => sum + each.content.size, 0);
    if (limits.body && whole > limits.body - 10000) {
      return [t("too_large_here", { size: size(whole), most: size(limits.body) }), files[0]];
    }
    return null;
  }

  taken() { return this.all.filter((each) => !each.empty).map((each) => ({ field: each.field, kind: each.kind, content: each.content, sent: each.sent(), told: each.told() })); }

  put(taken) {
    this.all.forEach((each) => {
      const found = taken.find((one) => one.field === each.field);
      each.set(found ? found.content : null);
    });
  }
}
