// A block of the editor as the signs of a lesson's text (docs/courses-format.md).
import { MarkdownSerializer, defaultMarkdownSerializer } from "./prosemirror.min.js";
import { schema } from "./editor_schema.js";

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

// A list as near to the paragraph before it as it was; an empty item would be read as part of that.
function near(state, node, parent, index) {
  if (node.attrs.close && index && parent.child(index - 1).type === schema.nodes.paragraph && node.firstChild.textContent) state.flushClose(1);
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
    bullet_list(state, node, parent, index) {
      near(state, node, parent, index);
      state.renderList(node, "  ", () => `${bulletOf(node, parent, index)} `);
    },
    ordered_list(state, node, parent, index) {
      near(state, node, parent, index);
      numbered(state, node, bulletOf(node, parent, index));
    },
    steps: (state, node) => boxed(state, node, "steps", () => numbered(state, node, ".")),
    step: before.nodes.list_item,
    call_out(state, node) {
      boxed(state, node, `${node.attrs.kind} ${oneLine(node.firstChild.textContent)}`, () => node.forEach((child, _at, index) => index && state.render(child, node, index)));
    },
    question(state, node) {
      boxed(state, node, `question ${oneLine(node.firstChild.textContent)}`, () => node.forEach((child, _at, index) => index && state.render(child, node, index)));
    },
    options(state, node, parent, index) {
      near(state, node, parent, index);
      state.renderList(node, "  ", () => "- ");
    },
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

export const lone = (node, escapesAll) =>
  serializer.serialize(schema.node("doc", null, [node]), { tightLists: false, escapesAll }).replace(/\n+$/, "");

// A block as text.
export function written(node) {
  return lone(node, false);
}
