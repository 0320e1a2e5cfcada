// The text of a lesson as blocks and back (docs/courses-format.md). A block nobody touched keeps its text byte for byte; what
// would mean something else when written anew is never taken apart: it stays as it is written.
import { MarkdownIt, MarkdownParser, MarkdownSerializer, container, defaultMarkdownSerializer } from "./prosemirror.min.js";
import { schema } from "./editor_schema.js";

const CALL_OUTS = ["note", "warn", "example"];
// As the server reads it (app/catalogue/markdown.py).
const markdown = new MarkdownIt("commonmark", { html: false }).enable("table");
// A box of a name unknown here may be known there: it is found, and stays as it is written.
markdown.use(container, "box", { validate: (params) => /^\s*\w/.test(params) });

class NotUnderstood extends Error {}

// --- reading -----------------------------------------------------------------------------------------------------

const isBreak = (token) => token.type === "softbreak" || token.type === "hardbreak";

function endOf(tokens, place) {
  let depth = 0;
  for (let at = place; at < tokens.length; at++) {
    depth += tokens[at].nesting;
    if (depth === 0) return at;
  }
  return tokens.length - 1;
}

const named = (token, type, nesting, attrs) => Object.assign(Object.create(token), { type, nesting, own: attrs, tag: "" });

function figure(image) {
  return named(image, "figure", 0, { src: image.attrGet("src"), alt: image.content, caption: image.attrGet("title") ?? "" });
}

// Containers and pictures that stand alone, as blocks of the schema.
function shaped(tokens) {
  const out = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    const kind = token.type === "container_box_open" ? /\w+/.exec(token.info)[0] : "";
    if (CALL_OUTS.includes(kind)) {
      const end = endOf(tokens, at);
      const name = token.info.trim().slice(kind.length).trim();
      out.push(named(token, "call_out_open", 1, { kind }), named(token, "call_out_name", 0, {}));
      out.at(-1).content = name;
      out.push(...shaped(tokens.slice(at + 1, end)), named(tokens[end], "call_out_close", -1));
      at = end;
    } else if (kind === "steps") {
      const end = endOf(tokens, at);
      out.push(...stepsOf(tokens.slice(at + 1, end)));
      at = end;
    } else if (kind === "gallery") {
      const end = endOf(tokens, at);
      out.push(named(token, "gallery_open", 1), ...picturesOf(tokens.slice(at + 1, end)), named(tokens[end], "gallery_close", -1));
      at = end;
    } else if (kind === "question") {
      const end = endOf(tokens, at);
      out.push(named(token, "question_open", 1), named(token, "call_out_name", 0, {}));
      out.at(-1).content = token.info.trim().slice(kind.length).trim();
      out.push(...asked(shaped(tokens.slice(at + 1, end))), named(tokens[end], "question_close", -1));
      at = end;
    } else if (token.type === "paragraph_open" && tokens[at + 1].children.length === 1 && tokens[at + 1].children[0].type === "image") {
      out.push(figure(tokens[at + 1].children[0]));
      at += 2;
    } else if (token.type === "th_open" || token.type === "td_open") {
      out.push(token, named(token, "paragraph_open", 1));
    } else if (token.type === "th_close" || token.type === "td_close") {
      out.push(named(token, "paragraph_close", -1), token);
    } else {
      out.push(token);
    }
  }
  return out;
}

function stepsOf(tokens) {
  if (tokens[0]?.type !== "ordered_list_open" || tokens[0].attrGet("start") || endOf(tokens, 0) !== tokens.length - 1) throw new NotUnderstood();
  const level = tokens[0].level + 1;
  const out = shaped(tokens.slice(1, -1)).map((token) =>
    token.level === level && token.type.startsWith("list_item_") ? named(token, token.type.replace("list_item", "step"), token.nesting) : token);
  return [named(tokens[0], "steps_open", 1, { tight: isTight(tokens) }), ...out, named(tokens.at(-1), "steps_close", -1)];
}

const OPTION = /^\[([xX ])\]\s+/;

// The one list of a question whose items are marked as right or wrong.
function asked(tokens) {
  const from = tokens.findIndex((token) => token.type === "bullet_list_open");
  if (from < 0) throw new NotUnderstood();
  const until = endOf(tokens, from);
  const level = tokens[from].level + 1;
  const options = tokens.slice(from + 1, until);
  options.forEach((token, place) => {
    if (token.level !== level) return;
    if (token.nesting < 0) {
      options[place] = named(token, "option_close", -1);
      return;
    }
    const words = options[place + 2];
    const first = words.children?.[0];
    const mark = OPTION.exec(first?.content ?? "");
    if (!mark || options[place + 3].type !== "paragraph_close" || options[place + 4].level !== level) throw new NotUnderstood();
    const rest = Object.assign(Object.create(first), { content: first.content.slice(mark[0].length) });
    options[place + 2] = Object.assign(Object.create(words), { children: [rest, ...words.children.slice(1)] });
    options[place] = named(token, "option_open", 1, { right: mark[1] !== " " });
  });
  return [...tokens.slice(0, from), named(tokens[from], "options_open", 1), ...options, named(tokens[until], "options_close", -1), ...tokens.slice(until + 1)];
}

function picturesOf(tokens) {
  const found = [];
  for (const token of tokens) {
    if (token.type !== "inline") continue;
    for (const child of token.children) {
      if (child.type === "image") found.push(figure(child));
      else if (!isBreak(child)) throw new NotUnderstood();
    }
  }
  if (!found.length || tokens.some((token) => !["inline", "paragraph_open", "paragraph_close"].includes(token.type))) throw new NotUnderstood();
  return found;
}

function isTight(tokens, place = 0) {
  const level = tokens[place].level;
  for (let at = place + 1; at < tokens.length && tokens[at].level > level; at++)
    if (tokens[at].type === "paragraph_open" && tokens[at].level === level + 2) return tokens[at].hidden;
  return true;
}

const own = (token) => token.own ?? null;
const list = (token, tokens, at) => ({ tight: isTight(tokens, at), bullet: token.markup, order: Number(token.attrGet("start") ?? 1) });
const cell = (token) => ({ align: /text-align:(\w+)/.exec(token.attrGet("style") ?? "")?.[1] ?? null });
const parser = new MarkdownParser(schema, markdown, {
  paragraph: { block: "paragraph" },
  heading: { block: "heading", getAttrs: (token) => ({ level: Number(token.tag.slice(1)) }) },
  bullet_list: { block: "bullet_list", getAttrs: list },
  ordered_list: { block: "ordered_list", getAttrs: list },
  list_item: { block: "list_item" },
  steps: { block: "steps", getAttrs: own },
  step: { block: "step" },
  blockquote: { block: "blockquote" },
  call_out: { block: "call_out", getAttrs: own },
  call_out_name: { block: "call_out_name", noCloseToken: true },
  gallery: { block: "gallery" },
  question: { block: "question" },
  options: { block: "options" },
  option: { block: "option", getAttrs: own },
  figure: { node: "figure", getAttrs: own },
  fence: { block: "code_block", getAttrs: (token) => ({ params: token.info }), noCloseToken: true },
  hr: { node: "horizontal_rule" },
  table: { block: "table" },
  thead: { ignore: true },
  tbody: { ignore: true },
  tr: { block: "table_row" },
  th: { block: "table_header", getAttrs: cell },
  td: { block: "table_cell", getAttrs: cell },
  hardbreak: { node: "hard_break" },
  em: { mark: "em" },
  strong: { mark: "strong" },
  code_inline: { mark: "code", noCloseToken: true },
  link: { mark: "link", getAttrs: (token) => ({ href: token.attrGet("href"), title: token.attrGet("title") }) },
});

function nodesOf(tokens) {
  const shown = shaped(tokens);
  // The parser of tokens, without reading the text again.
  return new MarkdownParser(schema, { parse: () => shown }, parser.tokens).parse("").children;
}

// What a text means, whatever signs it is written with; two texts of one meaning have the same.
function meaning(tokens) {
  const out = [];
  for (const token of tokens) {
    for (const child of token.children ?? []) {
      if (child.type === "text" || child.type === "softbreak") {
        const text = child.type === "text" ? child.content : " ";
        if (typeof out.at(-1) === "string") out.push(out.pop() + text);
        else out.push(text);
      } else if (child.type !== "text" || child.content) {
        out.push([child.type, child.attrs, child.content]);
      }
    }
    if (token.type !== "inline") out.push([token.type, token.tag, token.hidden, token.attrs, token.info.trim(), token.type === "fence" || token.type === "code_block" ? token.content : ""]);
  }
  return JSON.stringify(out);
}

const isBlank = (text) => !text.trim();

// Blocks of a text in order: each with its node, and where it begins and ends.
export function read(text) {
  const lines = text.split("\n");
  const starts = [0];
  for (const line of lines) starts.push(starts.at(-1) + line.length + 1);
  const tokens = markdown.parse(text, {});
  const pieces = [];
  let reached = 0;
  const add = (node, first, after) => {
    const from = starts[first];
    const slice = text.slice(from, starts[after] - 1);
    pieces.push({ node: node ?? rawNode(slice), from, to: from + slice.length });
    reached = after;
  };
  // Lines no block is made of, such as addresses of links kept at the end.
  const skip = (until) => {
    let first = reached;
    while (first < until && isBlank(lines[first])) first++;
    let after = until;
    while (after > first && isBlank(lines[after - 1])) after--;
    if (after > first) add(null, first, after);
    reached = until;
  };
  for (let at = 0; at < tokens.length; at++) {
    const end = endOf(tokens, at);
    const block = tokens.slice(at, end + 1);
    let [first, after] = tokens[at].map;
    if (tokens[at].type.startsWith("container_") && /^\s{0,3}:{3,}\s*$/.test(lines[after] ?? "")) after++;
    while (after > first + 1 && isBlank(lines[after - 1])) after--;
    skip(first);
    add(understood(block), first, after);
    at = end;
  }
  skip(lines.length);
  return { text, pieces };
}

// The node of a block, if writing it anew would mean the same.
function understood(tokens) {
  let nodes;
  try {
    nodes = nodesOf(tokens);
  } catch {
    return null;
  }
  if (nodes.length !== 1) return null;
  return meaning(markdown.parse(written(nodes[0]), {})) === meaning(tokens) ? nodes[0] : null;
}

const rawNode = (text) => schema.node("raw", null, text ? [schema.text(text)] : []);

// --- writing -----------------------------------------------------------------------------------------------------

// The line a text of its own would be read as something else: after a line break, and where our containers begin.
const guarded = (line) => line.replace(/^(\s*)(:::|[-+*>#=|])/, "$1\\$2").replace(/^(\s*\d+)([.)])(?=\s|$)/, "$1\\$2");
const quoted = (title) => `"${title.replace(/[\\"]/g, "\\$&")}"`;
const pictureText = ({ src, alt, caption }) => `![${balanced(alt)}](${addressed(src)}${caption ? ` ${quoted(oneLine(caption))}` : ""})`;
const oneLine = (text) => text.replace(/\s+/g, " ").trim();
const addressed = (src) => (/[\s()<>]/.test(src) ? encodeURI(src).replace(/[()]/g, (sign) => (sign === "(" ? "%28" : "%29")) : src);

function balanced(alt) {
  let depth = 0;
  const said = oneLine(alt);
  for (const sign of said.replace(/\\[[\]\\]/g, "")) {
    depth += sign === "[" ? 1 : sign === "]" ? -1 : 0;
    if (depth < 0) break;
  }
  return depth === 0 && !/(^|[^\\])(\\\\)*\\$/.test(said) ? said : said.replace(/[[\]\\]/g, (sign) => ({ "[": "(", "]": ")", "\\": "/" })[sign]);
}

function escaped(state, text) {
  if (state.options.escapesAll) return text.replace(/[!-/:-@[-`{-~]/g, "\\$&");
  const said = state.esc(text, state.atBlockStart).replace(/<(?=[a-z][\w+.-]*[:@])/gi, "\\<");
  return state.inCell ? said.replace(/\|/g, "\\|") : state.atBlockStart || state.atLineStart ? guardedOnce(said) : said;
}
const guardedOnce = (line) => (line.trimStart().startsWith("\\") ? line : guarded(line));

function boxed(state, node, opening, body) {
  state.write(`::: ${opening}`.trimEnd());
  state.ensureNewLine();
  body();
  state.flushClose(1);
  state.ensureNewLine();
  state.write(":::");
  state.closeBlock(node);
}

// Two lists of a kind, one after the other, begin with different signs: else they are read as one.
function bulletOf(node, parent, index) {
  const before = index ? parent.child(index - 1) : null;
  if (before?.type !== node.type || before.attrs.bullet !== node.attrs.bullet) return node.attrs.bullet;
  return { "-": "*", "*": "-", "+": "-", ".": ")", ")": "." }[node.attrs.bullet];
}

function numbered(state, node, sign) {
  const first = node.attrs.order ?? 1;
  // As wide as the widest number: what stands under an item must not fall out of it.
  const width = `${first + node.childCount - 1}`.length + 2;
  state.renderList(node, " ".repeat(width), (index) => `${first + index}${sign} `);
}

function row(state, node) {
  state.write("|");
  node.forEach((one) => {
    if (one.firstChild.content.size) state.out += " ";
    state.inCell = true;
    state.renderInline(one.firstChild, false);
    state.inCell = false;
    state.out += " |";
  });
  state.ensureNewLine();
}

const RULE = { left: ":---", right: "---:", center: ":---:" };
const before = defaultMarkdownSerializer;
const serializer = new MarkdownSerializer(
  {
    ...before.nodes,
    text(state, node) {
      if (state.inAutolink) return before.nodes.text(state, node);
      state.text(escaped(state, node.text), false);
      state.atLineStart = false;
    },
    hard_break(state, node, parent, index) {
      if (state.inCell) return state.text(" ", false);
      before.nodes.hard_break(state, node, parent, index);
      state.atLineStart = true;
    },
    bullet_list: (state, node, parent, index) => state.renderList(node, "  ", () => `${bulletOf(node, parent, index)} `),
    ordered_list: (state, node, parent, index) => numbered(state, node, bulletOf(node, parent, index)),
    steps: (state, node) => boxed(state, node, "steps", () => numbered(state, node, ".")),
    step: before.nodes.list_item,
    call_out(state, node) {
      boxed(state, node, `${node.attrs.kind} ${oneLine(node.firstChild.textContent)}`, () => node.forEach((child, _at, index) => index && state.render(child, node, index)));
    },
    question(state, node) {
      boxed(state, node, `question ${oneLine(node.firstChild.textContent)}`, () => node.forEach((child, _at, index) => index && state.render(child, node, index)));
    },
    options: (state, node) => state.renderList(node, "  ", () => "- "),
    option(state, node) {
      state.write(`[${node.attrs.right ? "x" : " "}] `);
      state.renderContent(node);
    },
    gallery(state, node) {
      boxed(state, node, "gallery", () => node.forEach((child) => {
        state.write(pictureText(child.attrs));
        state.ensureNewLine();
      }));
    },
    figure(state, node) {
      state.write(pictureText(node.attrs));
      state.closeBlock(node);
    },
    table(state, node) {
      node.forEach((one, _at, index) => {
        row(state, one);
        if (index) return;
        state.write("|");
        one.forEach((head) => (state.out += `${RULE[head.attrs.align] ?? "---"}|`));
        state.ensureNewLine();
      });
      state.closeBlock(node);
    },
    raw(state, node) {
      state.text(node.textContent, false);
      state.closeBlock(node);
    },
  },
  before.marks,
);

const lone = (node, escapesAll) =>
  serializer.serialize(schema.node("doc", null, [node]), { tightLists: false, escapesAll }).replace(/\n+$/, "");

// Without spaces, which writing may move over the edge of a bold word.
const shape = (nodes) => JSON.stringify(nodes.map((node) => node.toJSON())).replace(/\s+/g, "");

// A block as text.
export function written(node) {
  return lone(node, false);
}

const nodesIn = (text) => read(text).pieces.map((piece) => piece.node);

function safelyWritten(node) {
  const text = written(node);
  if (node.type.name === "raw" || shape(nodesIn(text)) === shape([node])) return text;
  const careful = lone(node, true);
  return shape(nodesIn(careful)) === shape([node]) ? careful : text;
}

const isNothing = (node) => node.type.name === "paragraph" && !/\S/.test(node.textContent);

// Which block of before each of now is: the longest way through both in which blocks are the same.
function kept(before, now) {
  const places = now.map(() => -1);
  let first = 0;
  while (first < before.length && first < now.length && before[first] === now[first]) places[first] = first++;
  let [endBefore, endNow] = [before.length, now.length];
  while (endBefore > first && endNow > first && before[endBefore - 1] === now[endNow - 1]) places[--endNow] = --endBefore;
  const rows = endBefore - first;
  const columns = endNow - first;
  const most = Array.from({ length: rows + 1 }, () => new Int32Array(columns + 1));
  for (let one = rows - 1; one >= 0; one--)
    for (let other = columns - 1; other >= 0; other--)
      most[one][other] = before[first + one] === now[first + other] ? most[one + 1][other + 1] + 1 : Math.max(most[one + 1][other], most[one][other + 1]);
  for (let one = 0, other = 0; one < rows && other < columns; ) {
    if (before[first + one] === now[first + other]) places[first + other++] = first + one++;
    else if (most[one + 1][other] >= most[one][other + 1]) one++;
    else other++;
  }
  return places;
}

const keys = new WeakMap();
const keyOf = (node) => keys.get(node) ?? (keys.set(node, JSON.stringify(node.toJSON())), keys.get(node));

// The text of the blocks, where `base` is what read() made of the text they came from.
export function write(doc, base) {
  const nodes = doc.children.filter((node) => !isNothing(node));
  const { pieces, text } = base;
  const places = kept(pieces.map((piece) => keyOf(piece.node)), nodes.map(keyOf));
  const blocks = nodes.map((node, index) => (places[index] < 0 ? safelyWritten(node) : text.slice(pieces[places[index]].from, pieces[places[index]].to)));
  inPlace(places, nodes, pieces);
  const close = joined(blocks, places, base);
  const same = shape(nodesIn(close)) === shape(nodes);
  return same ? close : joined(blocks, nodes.map((_node, index) => (index && places[index] === places[index - 1] + 1 && blocks[index] ? places[index] : -2)), base);
}

// A block changed where it stood keeps the blank lines around it.
function inPlace(places, nodes, pieces) {
  for (let at = 0; at < places.length; at++) {
    if (places[at] >= 0) continue;
    let after = at;
    while (after < places.length && places[after] < 0) after++;
    const from = at ? places[at - 1] + 1 : 0;
    const until = after < places.length ? places[after] : pieces.length;
    if (until - from === after - at)
      for (let one = at; one < after; one++) if (nodes[one].type === pieces[from + one - at].node.type) places[one] = from + one - at;
    at = after - 1;
  }
}

function joined(blocks, places, { text, pieces }) {
  if (!blocks.length) return "";
  const begun = places[0] === 0 ? text.slice(0, pieces[0].from) : "";
  const ended = pieces.length && places.at(-1) === pieces.length - 1 ? text.slice(pieces.at(-1).to) : "\n";
  let out = begun;
  blocks.forEach((block, index) => {
    const follows = index && places[index] > 0 && places[index] === places[index - 1] + 1;
    if (index) out += follows ? text.slice(pieces[places[index] - 1].to, pieces[places[index]].from) : "\n\n";
    out += block;
  });
  return out + ended;
}

// The blocks as a document of the editor: there is always a paragraph to go on writing in.
export function docOf({ pieces }) {
  const nodes = pieces.map((piece) => piece.node);
  if (nodes.at(-1)?.type.name !== "paragraph") nodes.push(schema.node("paragraph"));
  return schema.node("doc", null, nodes);
}

const WORD = /[\p{L}\p{N}_/]+/gu;

// Words as the check of lessons counts them (app/catalogue/prose.py): with what is said of pictures, without the names of boxes.
export function countWords(doc) {
  let count = 0;
  doc.descendants((node) => {
    if (node.type.name === "figure") count += node.attrs.alt.normalize("NFC").match(WORD)?.length ?? 0;
    else if (node.isTextblock && node.type.name !== "call_out_name")
      count += node.textBetween(0, node.content.size, "", " ").normalize("NFC").match(WORD)?.length ?? 0;
    return !node.isTextblock;
  });
  return count;
}
