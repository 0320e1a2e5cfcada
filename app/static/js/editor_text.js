// The text of a lesson as blocks and back (docs/courses-format.md). A block nobody touched keeps its text byte for byte; what
// would mean something else when written anew is never taken apart: it stays as it is written.
import { schema } from "./editor_schema.js";
import { lone, written } from "./editor_signs.js";
import { endOf, markdown, meaning, nodesOf } from "./editor_tokens.js";

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

// Without spaces, which writing may move over the edge of a bold word.
const shape = (nodes) => JSON.stringify(nodes.map((node) => node.toJSON()), (key, value) => (key === "close" ? undefined : value)).replace(/\s+/g, "");

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
