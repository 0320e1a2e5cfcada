// Blocks that need more than their words: a picture, video, sound or document with what is said of it, and a text as written.

const ENDINGS = { video: ["mp4", "webm", "mov", "mkv"], sound: ["mp3", "m4a"], document: ["pdf", "docx", "pptx", "odt", "odp"], download: ["xlsx", "ods"] };

// What a file is, by its name (app/catalogue/markdown.py).
export function kindOf(name) {
  const ending = name.split(".").at(-1).toLowerCase();
  return Object.keys(ENDINGS).find((kind) => ENDINGS[kind].includes(ending)) ?? "image";
}

export function plainName(src) {
  try {
    return decodeURIComponent(src);
  } catch {
    return src;
  }
}

// `desk`: parts(name) gives a copy of a part of the page, pictureOf(name) the address of what shows a file.
export class FigureView {
  constructor(node, view, getPos, desk) {
    [this.node, this.view, this.getPos, this.desk] = [node, view, getPos, desk];
    this.dom = desk.part("figure");
    this.dom.block = this;
    this.fields = { alt: this.dom.querySelector("[data-alt]"), caption: this.dom.querySelector("[data-caption]") };
    for (const [name, field] of Object.entries(this.fields)) field.addEventListener("input", () => this.say(name, field.value));
    this.dom.querySelector("[data-gone]").addEventListener("click", () => this.leave());
    this.show();
  }

  show() {
    const { src, alt, caption } = this.node.attrs;
    const name = plainName(src);
    const kind = kindOf(name);
    this.dom.dataset.kind = kind;
    this.dom.querySelector("[data-name]").textContent = name;
    for (const label of this.dom.querySelectorAll("[data-of]")) label.hidden = !label.dataset.of.split(" ").includes(kind);
    for (const [which, value] of [["alt", alt], ["caption", caption]]) {
      const field = this.fields[which];
      if (field.value !== value) field.value = value;
    }
    this.fields.alt.setAttribute("aria-invalid", String(!alt.trim() && (kind === "image" || kind === "document")));
    const picture = this.dom.querySelector("img");
    const address = this.desk.pictureOf(name);
    picture.hidden = !address;
    if (address && picture.getAttribute("src") !== address) picture.src = address;
  }

  say(name, value) {
    const at = this.getPos();
    if (at === undefined) return;
    this.view.dispatch(this.view.state.tr.setNodeAttribute(at, name, value));
  }

  leave() {
    const at = this.getPos();
    if (at === undefined) return;
    const { state } = this.view;
    const place = state.doc.resolve(at);
    // A gallery goes with its last picture.
    const [from, to] = place.parent.type.name === "gallery" && place.parent.childCount === 1 ? [place.before(), place.after()] : [at, at + this.node.nodeSize];
    this.view.dispatch(state.tr.delete(from, to));
    this.view.focus();
  }

  update(node) {
    if (node.type !== this.node.type) return false;
    this.node = node;
    this.show();
    return true;
  }

  selectNode() { this.dom.classList.add("chosen"); }
  deselectNode() { this.dom.classList.remove("chosen"); }
  stopEvent(event) { return Boolean(event.target.closest?.("input, textarea, button")); }
  ignoreMutation() { return true; }
}

export class RawView {
  constructor(node, desk) {
    this.dom = desk.part("raw");
    this.contentDOM = this.dom.querySelector("code");
  }

  ignoreMutation(change) {
    return change.type !== "selection" && !this.contentDOM.contains(change.target);
  }
}

// An option of a question, with a button that says and changes whether it is right.
export class OptionView {
  constructor(node, view, getPos, desk) {
    this.dom = desk.part("option");
    this.contentDOM = this.dom.querySelector("[data-words]");
    this.button = this.dom.querySelector("button");
    this.said = [desk.words.wrong, desk.words.right];
    this.button.addEventListener("click", () => view.dispatch(view.state.tr.setNodeAttribute(getPos(), "right", !this.node.attrs.right)));
    this.update(node);
  }

  update(node) {
    if (this.node && node.type !== this.node.type) return false;
    this.node = node;
    this.dom.dataset.right = String(node.attrs.right);
    this.button.textContent = this.said[Number(node.attrs.right)];
    return true;
  }

  stopEvent(event) { return this.button.contains(event.target); }
  ignoreMutation(change) { return change.type !== "selection" && !this.contentDOM.contains(change.target); }
}
