// The text of a lesson as the learner sees it (ProseMirror), over the text area that is saved; without this script, and on
// "Sửa bằng ký hiệu", the text area itself. Its text changes only where somebody changed a block (js/editor_text.js).
import {
  DOMParser as Reader, EditorState, EditorView, Slice, dropCursor, gapCursor, history, isInTable, redoDepth, tableEditing, undoDepth,
} from "./prosemirror.min.js";
import { FigureView, OptionView, RawView, kindOf } from "./editor_blocks.js";
import { commandsOf, isInBox, isInList, isInQuestion, keys, listOf, placed, setKind } from "./editor_commands.js";
import { Files } from "./editor_files.js";
import { isFile, linkTo, loneLinks, siteOf } from "./editor_links.js";
import { cleaned, picturesOf } from "./editor_paste.js";
import { schema } from "./editor_schema.js";
import { countWords, docOf, read, write } from "./editor_text.js";

const { nodes, marks } = schema;
const WRITE_MS = 300;
// Signs of a text that is written as ours is.
const WRITTEN = /^(#{2,4} |::: |\|.*\|$|!\[)|\*\*\S/m;
const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const addressOf = (typed) => {
  const href = typed.trim();
  if (!href || /^(https?:\/\/|mailto:|tel:|\/(?!\/)|#)/i.test(href)) return href;
  return /^\S+@\S+\.\S+$/.test(href) ? `mailto:${href}` : `https://${href}`;
};

class Desk {
  constructor(root) {
    this.root = root;
    this.area = root.querySelector("textarea");
    this.words = JSON.parse(root.dataset.words);
    this.template = document.getElementById("editor-parts").content;
    this.dom = this.part("editor");
    this.bar = this.dom.querySelector("[data-bar]");
    this.commands = { ...commandsOf(this.words), link: () => this.askLink() };
    this.files = new Files(root.closest("form"), this.words, (name) => this.part(name), () => this.refresh());
    this.area.closest(".field").after(this.dom);
    this.open();
    this.listen();
    this.see(true);
  }

  part(name) {
    return this.template.querySelector(`[data-part="${name}"]`).cloneNode(true);
  }

  pictureOf(name) {
    return this.files.pictureOf(name);
  }

  // --- the text

  state() {
    this.base = read(this.area.value);
    this.known = this.area.value;
    return EditorState.create({
      doc: docOf(this.base),
      plugins: [
        ...keys({ "Mod-k": () => this.askLink(), "Alt-F10": () => this.toBar() }),
        history(), tableEditing(), dropCursor({ width: 3, class: "drop" }), gapCursor(), loneLinks((href) => this.shownAs(href)),
      ],
    });
  }

  open() {
    const label = this.root.querySelector(`label[for="${this.area.id}"]`);
    label.id ||= `${this.area.id}-label`;
    const described = this.area.getAttribute("aria-describedby");
    this.view = new EditorView({ mount: this.dom.querySelector("[data-page]") }, {
      state: this.state(),
      attributes: (state) => ({
        class: "prose editor-page", role: "textbox", "aria-multiline": "true", "aria-labelledby": label.id, lang: "vi", spellcheck: "true",
        ...(described ? { "aria-describedby": described } : {}),
        ...(this.area.getAttribute("aria-invalid") ? { "aria-invalid": "true" } : {}),
        ...(isEmpty(state.doc) ? { "data-empty": this.words.empty } : {}),
      }),
      nodeViews: {
        figure: (node, view, getPos) => new FigureView(node, view, getPos, this),
        raw: (node) => new RawView(node, this),
        option: (node, view, getPos) => new OptionView(node, view, getPos, this),
      },
      dispatchTransaction: (tr) => {
        this.view.updateState(this.view.state.apply(tr));
        if (tr.docChanged) this.changed();
        this.tell();
      },
      handleDOMEvents: { paste: (_view, event) => void (this.clipboard = event.clipboardData) },
      handlePaste: (_view, event) => this.pasteVideo(event.clipboardData) || this.pasteFiles(event.clipboardData),
      handleDrop: (view, event, _slice, moved) => !moved && this.drop(view, event),
      transformPastedHTML: (html) => this.clean(html),
      clipboardTextParser: (text, $context, _plain, view) => this.plain(text, $context, view),
    });
    label.addEventListener("click", () => this.isSeen && this.view.focus());
  }

  changed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), WRITE_MS);
  }

  // Writes what changed into the text area; whoever listens there hears of it.
  keep() {
    clearTimeout(this.timer);
    if (!this.isSeen) return;
    const text = write(this.view.state.doc, this.base);
    this.count();
    if (text === this.area.value) return;
    this.area.value = this.known = text;
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // As the learner sees it, or as it is written.
  see(isSeen) {
    if (!isSeen) this.keep();
    else if (this.area.value !== this.known) this.view.updateState(this.state());
    this.isSeen = isSeen;
    this.area.hidden = isSeen;
    for (const help of this.root.querySelectorAll("[data-signs]")) help.hidden = isSeen;
    this.view.dom.hidden = this.bar.hidden = !isSeen;
    this.dom.querySelector("[data-switch]").textContent = isSeen ? this.words.raw : this.words.seen;
    this.tell();
    this.count();
  }

  // --- the bar

  listen() {
    this.bar.addEventListener("mousedown", (event) => {
      // What is selected stays so.
      if (event.target.closest("button")) event.preventDefault();
    });
    this.bar.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) this.run(button.dataset.do);
    });
    const kind = this.bar.querySelector("[data-kind]");
    kind.addEventListener("change", () => {
      setKind(kind.value)(this.view.state, this.view.dispatch);
      this.view.focus();
    });
    this.bar.addEventListener("keydown", (event) => this.walk(event));
    this.dom.querySelector("[data-switch]").addEventListener("click", () => {
      this.see(!this.isSeen);
      (this.isSeen ? this.view : this.area).focus();
    });
    this.dom.addEventListener("keydown", (event) => {
      // A field of a picture is in the form: Enter there must not save the lesson.
      if (event.key === "Enter" && event.target.matches("input")) {
        event.preventDefault();
        this.view.focus();
      }
    });
    this.area.addEventListener("input", () => {
      if (this.isSeen && this.area.value !== this.known) this.view.updateState(this.state());
      this.count();
    });
    this.root.closest("form").addEventListener("click", (event) => {
      if (!event.target.closest(`a[href="#${this.area.id}"]`) || !this.isSeen) return;
      event.preventDefault();
      this.view.focus();
    });
    const asked = document.getElementById("editor-link");
    asked.addEventListener("close", () => this.setLink(asked.returnValue));
  }

  run(name) {
    this.bar.querySelector("details").open = false;
    if (name.startsWith("insert ")) return this.files.ask(name.slice(7), (names, refused) => this.insert(names, refused, name.endsWith("download")));
    this.commands[name](this.view.state, this.view.dispatch, this.view);
    if (name !== "link") this.view.focus();
  }

  toBar() {
    this.bar.querySelector("[tabindex='0']").focus();
    return true;
  }

  // One stop of Tab, arrows inside; up and down are the list's own.
  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") this.view.focus();
    if (!step) return;
    event.preventDefault();
    const tools = this.tools();
    const next = tools[(tools.indexOf(document.activeElement) + step + tools.length) % tools.length];
    tools.forEach((tool) => (tool.tabIndex = tool === next ? 0 : -1));
    next.focus();
  }

  tools() {
    return [...this.bar.querySelectorAll("select, summary, button")].filter((tool) => tool.checkVisibility());
  }

  // The bar says where one is.
  tell() {
    const { state } = this.view;
    const { $from } = state.selection;
    const list = listOf(state);
    const marked = (type) => Boolean(type.isInSet(state.storedMarks || $from.marks()));
    const pressed = {
      strong: marked(marks.strong), em: marked(marks.em), link: marked(marks.link),
      bullets: list === nodes.bullet_list, numbers: list === nodes.ordered_list,
    };
    for (const [name, is] of Object.entries(pressed)) this.bar.querySelector(`[data-do="${name}"]`).setAttribute("aria-pressed", String(is));
    for (const [name, depth] of [["undo", undoDepth(state)], ["redo", redoDepth(state)]]) this.bar.querySelector(`[data-do="${name}"]`).setAttribute("aria-disabled", String(!depth));
    const around = { list: isInList(state), table: isInTable(state), box: isInBox(state), block: state.selection.node || list || isInTable(state) || isInBox(state) || isInQuestion(state) };
    for (const part of this.bar.querySelectorAll("[data-when]")) part.hidden = !around[part.dataset.when];
    const block = $from.parent;
    const kind = block.type === nodes.heading ? String(Math.max(2, block.attrs.level)) : "paragraph";
    this.bar.querySelector("[data-kind]").value = block.type === nodes.heading || block.type === nodes.paragraph ? (Number(kind) > 3 ? "other" : kind) : "other";
    const tools = this.tools();
    if (tools.filter((tool) => tool.tabIndex === 0).length !== 1) tools.forEach((tool, place) => (tool.tabIndex = place ? -1 : 0));
  }

  count() {
    const count = countWords(this.isSeen ? this.view.state.doc : docOf(read(this.area.value)));
    this.dom.querySelector("[data-count]").textContent = fill(this.words.count, { count: count.toLocaleString("vi") });
  }

  news(text) {
    this.dom.querySelector("[data-news]").textContent = text;
  }

  // --- links

  askLink() {
    const dialog = document.getElementById("editor-link");
    const { state } = this.view;
    const link = marks.link.isInSet(state.selection.$from.marks()) ?? marks.link.isInSet(state.selection.$from.nodeAfter?.marks ?? []);
    const { from, to } = this.linked = link ? aroundLink(state, link) : state.selection;
    dialog.querySelector("#f-link_href").value = link?.attrs.href ?? "";
    dialog.querySelector("#f-link_text").value = state.doc.textBetween(from, to, " ");
    dialog.returnValue = "";
    dialog.showModal();
    return true;
  }

  setLink(answer) {
    const dialog = document.getElementById("editor-link");
    const [href, text] = ["href", "text"].map((name) => dialog.querySelector(`#f-link_${name}`).value.trim());
    const { from, to } = this.linked ?? {};
    this.view.focus();
    if (from === undefined || !["set", "unset"].includes(answer)) return;
    const { tr, doc } = this.view.state;
    if (answer === "unset" || !href) this.view.dispatch(tr.removeMark(from, to, marks.link));
    else {
      const mark = marks.link.create({ href: isFile(href) ? href : addressOf(href) });
      if (from === to || (text && text !== doc.textBetween(from, to, " "))) tr.replaceWith(from, to, schema.text(text || href, [mark]));
      else tr.addMark(from, to, mark);
      this.view.dispatch(tr);
    }
  }

  // --- files, and what comes by the clipboard

  insert(names, refused = [], isGiven = false) {
    this.news(refused.map((file) => fill(this.words.unknown, { name: file.name })).join(" "));
    if (!names.length) return;
    const isLink = (name) => isGiven || kindOf(name) === "download";
    const made = names.map((src) => (isLink(src) ? linkTo(src, this.files.titleOf(src)) : nodes.figure.create({ src })));
    const blocks = made.length > 1 && !names.some(isLink) ? [nodes.gallery.create(null, made)] : made;
    // What is played or paged stands alone (app/catalogue/markdown.py).
    const { tr, at } = placed(this.view.state, blocks, names.some((name) => kindOf(name) !== "image"));
    this.view.dispatch(tr.scrollIntoView());
    const shown = this.view.nodeDOM(at);
    const field = shown?.querySelector?.("[data-alt]");
    if (field) field.focus();
    else this.view.focus();
  }

  refresh() {
    for (const one of this.view.dom.querySelectorAll("figure.edited")) one.block.show();
  }

  // What the learner sees of a paragraph that is this link alone.
  shownAs(href) {
    if (isFile(href)) return this.words.given;
    const site = siteOf(href, this.words.sites);
    return site ? fill(this.words.embedded, { site: site.name }) : "";
  }

  // The address of a video in an empty line.
  pasteVideo(clipboard) {
    const { $from, empty } = this.view.state.selection;
    const address = clipboard.getData("text/plain").trim();
    const site = siteOf(address, this.words.sites);
    if (!site || !empty || $from.depth !== 1 || $from.parent.type !== nodes.paragraph || $from.parent.content.size) return false;
    const { tr } = placed(this.view.state, [linkTo(address, fill(this.words.video, { site: site.name }))], true);
    this.view.dispatch(tr.scrollIntoView());
    return true;
  }

  pasteFiles(clipboard) {
    const files = [...clipboard.files];
    // Office programs put a picture of the words beside them.
    if (!files.length || clipboard.getData("text/plain").trim() || /<(p|li|td|h[1-6])[\s>]/i.test(clipboard.getData("text/html"))) return false;
    this.sendAll(files);
    return true;
  }

  drop(view, event) {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (!files.length) return false;
    event.preventDefault();
    const at = view.posAtCoords({ left: event.clientX, top: event.clientY });
    if (at) view.dispatch(view.state.tr.setSelection(view.state.selection.constructor.near(view.state.doc.resolve(at.pos))));
    this.sendAll(files);
    return true;
  }

  sendAll(files) {
    const names = files.map((file) => this.files.send(file));
    const pictures = names.filter((name) => name);
    this.insert(pictures, files.filter((_file, place) => !names[place]));
  }

  clean(html) {
    if (html.includes("data-pm-slice")) return html;
    let lost = 0;
    const beside = picturesOf(this.clipboard?.getData("text/rtf") ?? "");
    const count = html.match(/<img\b/gi)?.length ?? 0;
    let place = 0;
    const made = cleaned(html, (address) => {
      const inside = /^data:(image\/[\w+]+);base64,(.+)$/s.exec(address);
      const found = inside ? { type: inside[1], bytes: Uint8Array.from(atob(inside[2]), (sign) => sign.charCodeAt(0)) } : beside.length === count ? beside[place] : null;
      place++;
      const name = found ? this.files.send(new File([found.bytes], `${this.words.pasted}.${found.type.split("/")[1]}`, { type: found.type })) : "";
      if (!name) lost++;
      return name;
    });
    this.news(lost ? fill(this.words.lost, { count: lost }) : "");
    return made;
  }

  // Plain words: lines are paragraphs; a text written with our signs is read as one.
  plain(text, $context, view) {
    const isInline = !/\n/.test(text.trim()) || $context.parent.type.spec.code || isInTable(view.state);
    if (isInline) return $context.parent.type.spec.code ? new Slice(fragment(text), 0, 0) : new Slice(fragment(text.replace(/\s*\n\s*/g, " ")), 0, 0);
    if (WRITTEN.test(text)) return new Slice(schema.node("doc", null, read(text.replace(/\r\n?/g, "\n")).pieces.map((piece) => piece.node)).content, 0, 0);
    const page = document.createElement("div");
    for (const line of text.split(/\r?\n/)) if (line.trim()) page.append(Object.assign(document.createElement("p"), { textContent: line.trim() }));
    const holder = document.createElement("div");
    holder.append(...new DOMParser().parseFromString(cleaned(page.innerHTML), "text/html").body.childNodes);
    return Reader.fromSchema(schema).parseSlice(holder);
  }
}

const fragment = (text) => schema.node("paragraph", null, text ? [schema.text(text)] : []).content;
const isEmpty = (doc) => doc.childCount === 1 && doc.firstChild.type === nodes.paragraph && !doc.firstChild.content.size;

function aroundLink(state, link) {
  const { $from } = state.selection;
  let [from, to] = [$from.pos, $from.pos];
  $from.parent.forEach((node, offset) => {
    const at = $from.start() + offset;
    if (link.isInSet(node.marks) && at <= $from.pos && at + node.nodeSize >= $from.pos) [from, to] = [Math.min(from, at), Math.max(to, at + node.nodeSize)];
  });
  return { from, to };
}

let desks = [];
function begin() {
  desks = [...document.querySelectorAll("[data-editor]")].map((root) => root.desk ?? (root.desk = new Desk(root)));
}

begin();
// A refused form comes back as another one (upload.js).
document.addEventListener("form-renewed", begin);
// Before the form is looked at by others.
document.addEventListener("submit", () => desks.forEach((desk) => desk.keep()), true);
addEventListener("pagehide", () => desks.forEach((desk) => desk.keep()));
document.addEventListener("visibilitychange", () => desks.forEach((desk) => desk.keep()), true);
