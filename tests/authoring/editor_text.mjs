// Texts of lessons (JSON on standard input) through the editor's reading and writing; what is not kept, as JSON.
import { readFileSync } from "node:fs";

const ours = (name) => import(`${process.argv[2]}/${name}.js`);
const { countWords, docOf, read, write } = await ours("editor_text");
const { written } = await ours("editor_signs");
const { schema } = await ours("editor_schema");
const WORDS = " Thêm một câu có * dấu_sao, [ngoặc] và 1. số.";

// The document with words behind the first words of one block of the first level; null where it has none.
function touched(doc, place) {
  let at = -1;
  doc.child(place).descendants((node, offset) => {
    if (at < 0 && node.isText) at = offset + node.nodeSize;
    return at < 0;
  });
  if (at < 0) return null;
  const inside = [...Array(place).keys()].reduce((sum, before) => sum + doc.child(before).nodeSize, 0) + 1 + at;
  return doc.replace(inside, inside, schema.node("paragraph", null, [schema.text(WORDS)]).slice(0, WORDS.length));
}

const found = { blocks: 0, raw: 0, changed: [], rewritten: [], spilt: [], lost: [], words: {} };
for (const [name, text] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const base = read(text);
  const doc = docOf(base);
  if (write(doc, base) !== text) found.changed.push(name);
  found.words[name] = countWords(doc);
  base.pieces.forEach((piece, place) => {
    found.blocks++;
    const slice = text.slice(piece.from, piece.to);
    if (piece.node.type.name === "raw") {
      found.raw++;
      return;
    }
    if (written(piece.node) !== slice) found.rewritten.push(`${name}: ${slice.slice(0, 80)}`);
    const other = touched(doc, place);
    if (!other) return;
    const after = write(other, base);
    if (!after.startsWith(text.slice(0, piece.from)) || !after.endsWith(text.slice(piece.to))) found.spilt.push(`${name}: ${slice.slice(0, 80)}`);
    const lines = text.split("\n");
    const differing = after.split("\n").filter((line, number) => line !== lines[number]).length;
    if (differing !== 1) found.spilt.push(`${name}: ${differing} lines of ${slice.slice(0, 80)}`);
    const again = docOf(read(after)).child(place);
    if (again.textContent !== other.child(place).textContent) found.lost.push(`${name}: ${again.textContent.slice(0, 80)}`);
  });
}
console.log(JSON.stringify(found));
