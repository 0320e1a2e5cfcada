// What a lesson's text can hold in the editor, as blocks; how each looks there is how the learner sees it (css/lesson.css).
import { Schema, tableNodes } from "./prosemirror.min.js";

const INNER = "inner block";
const listDOM = (tag) => (node) => (node.attrs.order > 1 ? [tag, { start: node.attrs.order }, 0] : [tag, 0]);
// `tight`: no blank lines between the items; `close`: none before them; `bullet`: the sign they begin with.
const listAttrs = (bullet) => ({ tight: { default: true }, close: { default: false }, bullet: { default: bullet }, order: { default: 1 } });

const tables = tableNodes({
  tableGroup: INNER,
  cellContent: "paragraph",
  cellAttributes: {
    align: {
      default: null,
      getFromDOM: (cell) => ({ n: "right", c: "center" })[cell.className] ?? null,
      setDOMAttr: (value, attrs) => { if (value === "right" || value === "center") attrs.class = value === "right" ? "n" : "c"; },
    },
  },
});
tables.table.toDOM = () => ["div", { class: "scroll" }, ["table", ["tbody", 0]]];

const textOf = (name) => (element) => element.dataset[name] ?? "";

export const schema = new Schema({
  nodes: {
    doc: { content: "block+" },
    paragraph: { content: "inline*", group: INNER, parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
    heading: {
      content: "inline*", group: "block", defining: true, attrs: { level: { default: 2 } },
      parseDOM: [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level } })),
      toDOM: (node) => [`h${Math.max(2, node.attrs.level)}`, 0],
    },
    bullet_list: { content: "list_item+", group: INNER, attrs: listAttrs("-"), parseDOM: [{ tag: "ul" }], toDOM: listDOM("ul") },
    steps: { content: "step+", group: "block", attrs: { tight: { default: true } }, parseDOM: [{ tag: "ol.steps", priority: 60 }], toDOM: () => ["ol", { class: "steps" }, 0] },
    ordered_list: {
      content: "list_item+", group: INNER, attrs: listAttrs("."), toDOM: listDOM("ol"),
      parseDOM: [{ tag: "ol", getAttrs: (list) => ({ order: list.hasAttribute("start") ? Number(list.getAttribute("start")) : 1 }) }],
    },
    list_item: { content: "paragraph inner*", defining: true, parseDOM: [{ tag: "li" }], toDOM: () => ["li", 0] },
    step: { content: "paragraph inner*", defining: true, parseDOM: [{ tag: "li", context: "steps/", priority: 60 }], toDOM: () => ["li", ["div", 0]] },
    blockquote: { content: "inner+", group: INNER, defining: true, parseDOM: [{ tag: "blockquote" }], toDOM: () => ["blockquote", 0] },
    call_out: {
      content: "call_out_name inner+", group: "block", defining: true, isolating: true, attrs: { kind: { default: "note" } },
      parseDOM: [{ tag: "div.note", getAttrs: (box) => ({ kind: ["warn", "example"].find((kind) => box.classList.contains(kind)) ?? "note" }) }],
      toDOM: (node) => ["div", { class: node.attrs.kind === "note" ? "note" : `note ${node.attrs.kind}`, "data-kind": node.attrs.kind }, 0],
    },
    // Empty, the learner reads the usual word of its kind.
    call_out_name: { content: "text*", marks: "", defining: true, parseDOM: [{ tag: "p.name", priority: 60 }], toDOM: () => ["p", { class: "name" }, 0] },
    // Tried on the spot (app/catalogue/asides.py): what is asked, options right or wrong, why.
    question: {
      content: "call_out_name inner* options inner*", group: "block", defining: true, isolating: true,
      parseDOM: [{ tag: "div.note.ask", priority: 60 }], toDOM: () => ["div", { class: "note ask" }, 0],
    },
    options: { content: "option+", attrs: { tight: { default: true }, close: { default: false } }, parseDOM: [{ tag: "ul.options", priority: 60 }], toDOM: () => ["ul", { class: "options" }, 0] },
    // Shown by js/editor_blocks.js.
    option: {
      content: "paragraph", defining: true, attrs: { right: { default: false } },
      parseDOM: [{ tag: "li[data-right]", priority: 70, getAttrs: (item) => ({ right: item.dataset.right === "true" }) }],
      toDOM: (node) => ["li", { "data-right": String(node.attrs.right) }, 0],
    },
    gallery: { content: "figure+", group: "block", isolating: true, parseDOM: [{ tag: "div.gallery" }], toDOM: () => ["div", { class: "gallery" }, 0] },
    figure: {
      group: INNER, atom: true, draggable: true, attrs: { src: { default: "" }, alt: { default: "" }, caption: { default: "" } },
      parseDOM: [{ tag: "figure[data-src]", getAttrs: (figure) => ({ src: figure.dataset.src, alt: textOf("alt")(figure), caption: textOf("caption")(figure) }) }],
      toDOM: ({ attrs }) => ["figure", { "data-src": attrs.src, "data-alt": attrs.alt, "data-caption": attrs.caption }],
    },
    code_block: {
      content: "text*", group: INNER, code: true, defining: true, marks: "", attrs: { params: { default: "" } },
      parseDOM: [{ tag: "pre", preserveWhitespace: "full" }], toDOM: () => ["pre", ["code", 0]],
    },
    horizontal_rule: { group: "block", parseDOM: [{ tag: "hr" }], toDOM: () => ["hr"] },
    // What the editor does not understand, as it is written; shown by js/editor_blocks.js.
    raw: {
      content: "text*", group: "block", code: true, defining: true, isolating: true, marks: "",
      parseDOM: [{ tag: "pre[data-raw]", preserveWhitespace: "full", priority: 60 }], toDOM: () => ["pre", { "data-raw": "" }, ["code", 0]],
    },
    ...tables,
    text: { group: "inline" },
    hard_break: { inline: true, group: "inline", selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
  },
  marks: {
    link: {
      attrs: { href: {}, title: { default: null } }, inclusive: false,
      parseDOM: [{ tag: "a[href]", getAttrs: (link) => ({ href: link.getAttribute("href"), title: link.getAttribute("title") }) }],
      toDOM: (mark) => ["a", mark.attrs, 0],
    },
    em: { parseDOM: [{ tag: "i" }, { tag: "em" }], toDOM: () => ["em", 0] },
    strong: { parseDOM: [{ tag: "b" }, { tag: "strong" }], toDOM: () => ["strong", 0] },
    code: { code: true, parseDOM: [{ tag: "code" }], toDOM: () => ["code", 0] },
  },
});
