// What the editor's buttons and keys do to the blocks.
import {
  InputRule, Selection, TextSelection, addColumnAfter, addRowAfter, baseKeymap, chainCommands, deleteColumn, deleteRow, deleteTable, goToNextCell,
  inputRules, isInTable, keymap, liftListItem, redo, setBlockType, sinkListItem, splitListItem, textblockTypeInputRule, toggleMark, undo, wrapInList,
  wrappingInputRule,
} from "./prosemirror.min.js";
import { schema } from "./editor_schema.js";

const { nodes, marks } = schema;
const LISTS = [nodes.bullet_list, nodes.ordered_list, nodes.steps];
const itemOf = (list) => (list === nodes.steps ? nodes.step : nodes.list_item);

// How deep the innermost ancestor of these types stands; 0 for none.
export function depthOf($at, types) {
  for (let depth = $at.depth; depth > 0; depth--) if (types.includes($at.node(depth).type)) return depth;
  return 0;
}

export const isInList = (state) => depthOf(state.selection.$from, LISTS) > 0;
export const isInQuestion = (state) => depthOf(state.selection.$from, [nodes.question]) > 0;
export const isInBox = (state) => depthOf(state.selection.$from, [nodes.call_out]) > 0;
export const listOf = (state) => {
  const { $from } = state.selection;
  const depth = depthOf($from, LISTS);
  return depth ? $from.node(depth).type : null;
};

// The block of the first level one is in: its place among them.
function topOf(state) {
  const { $from, node } = state.selection;
  return node && $from.depth === 0 ? $from.index(0) : $from.depth ? $from.index(0) : -1;
}

function list(type) {
  return (state, dispatch, view) => {
    const { $from } = state.selection;
    const depth = depthOf($from, LISTS);
    if (!depth) {
      if ($from.parent.type === nodes.heading && dispatch) {
        setBlockType(nodes.paragraph)(state, dispatch);
        return wrapInList(type)(view.state, dispatch);
      }
      return wrapInList(type)(state, dispatch);
    }
    const old = $from.node(depth);
    if (old.type === type) return liftListItem(itemOf(type))(state, dispatch);
    if (type === nodes.steps && depth > 1) return false;
    const made = type.create(null, old.children.map((item) => itemOf(type).create(null, item.content)));
    const at = $from.before(depth);
    // As long as before, so that what was selected still is.
    const tr = state.tr.replaceWith(at, at + old.nodeSize, made);
    dispatch?.(tr.setSelection(TextSelection.create(tr.doc, state.selection.anchor, state.selection.head)));
    return true;
  };
}

function deeper(state, dispatch) {
  const type = listOf(state);
  return type ? sinkListItem(itemOf(type))(state, dispatch) : false;
}

function shallower(state, dispatch) {
  const type = listOf(state);
  return type ? liftListItem(itemOf(type))(state, dispatch) : false;
}

// Blocks where one is: in place of an empty paragraph, else behind what one is in; `isTop`: in no box and no list. Where the
// first of them begins.
export function placed(state, blocks, isTop = false) {
  const { $from, $to, node } = state.selection;
  const tr = state.tr;
  const isEmpty = !node && $from.parent.type === nodes.paragraph && !$from.parent.content.size;
  if (node && (!isTop || !$to.depth)) {
    const index = $to.index();
    if ($to.parent.canReplaceWith(index, index, blocks[0].type)) return { tr: tr.insert($to.pos, blocks), at: $to.pos };
  }
  for (let depth = isTop ? Math.min(0, $from.depth - 1) : $from.depth - 1; depth >= 0; depth--) {
    const index = $from.index(depth);
    const over = isEmpty && depth === $from.depth - 1;
    if (!$from.node(depth).canReplaceWith(over ? index : index + 1, index + 1, blocks[0].type)) continue;
    const at = over ? $from.before(depth + 1) : $from.after(depth + 1);
    return { tr: over ? tr.replaceWith(at, $from.after(depth + 1), blocks) : tr.insert(at, blocks), at };
  }
  return { tr: tr.insert(tr.doc.content.size, blocks), at: state.doc.content.size };
}

// Round what is selected, if that can stand in a box; else an empty one.
function box(kind) {
  return (state, dispatch) => {
    const { $from, $to, empty } = state.selection;
    const depth = depthOf($from, [nodes.call_out]);
    if (depth) {
      dispatch?.(state.tr.setNodeAttribute($from.before(depth), "kind", kind));
      return true;
    }
    const first = $from.index(0);
    const inside = state.doc.children.slice(first, $to.indexAfter(0));
    const name = nodes.call_out_name.create();
    if (!empty && $from.depth > 0 && inside.every((one) => one.type.isInGroup("inner"))) {
      const [from, to] = [$from.before(1), $to.after(1)];
      const tr = state.tr.replaceWith(from, to, nodes.call_out.create({ kind }, [name, ...inside]));
      dispatch?.(tr.setSelection(TextSelection.create(tr.doc, state.selection.anchor + 3, state.selection.head + 3)));
      return true;
    }
    const { tr, at } = placed(state, [nodes.call_out.create({ kind }, [name, nodes.paragraph.create()])]);
    dispatch?.(tr.setSelection(TextSelection.near(tr.doc.resolve(at + 4))).scrollIntoView());
    return true;
  };
}

function unbox(state, dispatch) {
  const { $from } = state.selection;
  const depth = depthOf($from, [nodes.call_out]);
  if (!depth) return false;
  const at = $from.before(depth);
  const old = $from.node(depth);
  const tr = state.tr.replaceWith(at, at + old.nodeSize, old.children.slice(1));
  dispatch?.(tr.setSelection(Selection.near(tr.doc.resolve(at + 1))));
  return true;
}

function table(words) {
  return (state, dispatch) => {
    const cells = (type, texts) => texts.map((text) => type.create(null, nodes.paragraph.create(null, text ? [schema.text(text)] : [])));
    const heads = nodes.table_row.create(null, cells(nodes.table_header, [1, 2].map((number) => `${words.head} ${number}`)));
    const rows = [0, 1].map(() => nodes.table_row.create(null, cells(nodes.table_cell, ["", ""])));
    const { tr, at } = placed(state, [nodes.table.create(null, [heads, ...rows])]);
    dispatch?.(tr.setSelection(TextSelection.between(tr.doc.resolve(at + 4), tr.doc.resolve(at + 4 + heads.firstChild.firstChild.content.size))).scrollIntoView());
    return true;
  };
}

// Its words in square brackets, which the check before publishing finds where nobody wrote over them.
function question(words) {
  return (state, dispatch) => {
    const line = (text) => nodes.paragraph.create(null, [schema.text(`[${text}]`)]);
    const options = words.options.map((text, place) => nodes.option.create({ right: !place }, line(text)));
    const made = nodes.question.create(null, [nodes.call_out_name.create(), line(words.asked), nodes.options.create(null, options), line(words.why)]);
    const { tr, at } = placed(state, [made]);
    dispatch?.(tr.setSelection(TextSelection.create(tr.doc, at + 4, at + 6 + words.asked.length)).scrollIntoView());
    return true;
  };
}

function moved(by) {
  return (state, dispatch) => {
    const index = topOf(state);
    const other = index + by;
    if (index < 0 || other < 0 || other >= state.doc.childCount) return false;
    if (!dispatch) return true;
    const starts = [];
    state.doc.forEach((_node, at) => starts.push(at));
    const [first, second] = by > 0 ? [index, other] : [other, index];
    const [one, two] = [state.doc.child(first), state.doc.child(second)];
    const tr = state.tr.replaceWith(starts[first], starts[first] + one.nodeSize + two.nodeSize, [two, one]);
    const shift = by > 0 ? two.nodeSize : -one.nodeSize;
    const { $anchor, $head, node } = state.selection;
    tr.setSelection(node ? Selection.near(tr.doc.resolve(state.selection.from + shift)) : TextSelection.between(tr.doc.resolve($anchor.pos + shift), tr.doc.resolve($head.pos + shift)));
    dispatch(tr.scrollIntoView());
    return true;
  };
}

// --- keys --------------------------------------------------------------------------------------------------------

// From the name of a box into it.
function enterName(state, dispatch) {
  const { $from } = state.selection;
  if ($from.parent.type !== nodes.call_out_name) return false;
  dispatch?.(state.tr.setSelection(Selection.near(state.doc.resolve($from.after()), 1)));
  return true;
}

// Out of a box by an empty line at its end.
function enterBelow(state, dispatch) {
  const { $from, empty } = state.selection;
  const depth = $from.depth - 1;
  if (!empty || depth < 1 || $from.node(depth).type !== nodes.call_out || $from.parent.type !== nodes.paragraph || $from.parent.content.size) return false;
  const boxNode = $from.node(depth);
  if ($from.index(depth) !== boxNode.childCount - 1 || boxNode.childCount < 3) return false;
  const tr = state.tr.delete($from.before(), $from.after());
  const at = tr.mapping.map($from.after(depth));
  dispatch?.(tr.insert(at, nodes.paragraph.create()).setSelection(TextSelection.create(tr.doc, at + 1)).scrollIntoView());
  return true;
}

// Behind the options by an empty one at their end.
function enterWhy(state, dispatch) {
  const { $from } = state.selection;
  const depth = depthOf($from, [nodes.options]);
  if (!depth || $from.parent.content.size || $from.index(depth) !== $from.node(depth).childCount - 1 || $from.node(depth).childCount < 2) return false;
  const tr = state.tr.delete($from.before(depth + 1), $from.after(depth + 1));
  const at = tr.mapping.map($from.after(depth));
  if (!tr.doc.resolve(at).nodeAfter) tr.insert(at, nodes.paragraph.create());
  dispatch?.(tr.setSelection(Selection.near(tr.doc.resolve(at), 1)).scrollIntoView());
  return true;
}

// The next row, as those expect who have no Tab key; a new one behind the last.
function enterCell(state, dispatch, view) {
  if (!isInTable(state)) return false;
  if (!dispatch) return true;
  const { $from } = state.selection;
  const rowDepth = depthOf($from, [nodes.table_row]);
  const [tableNode, at, column] = [$from.node(rowDepth - 1), $from.start(rowDepth - 1), $from.index(rowDepth)];
  const next = $from.index(rowDepth - 1) + 1;
  if (next === tableNode.childCount) addRowAfter(state, dispatch);
  const { doc, tr } = view.state;
  let inside = at;
  const grown = doc.resolve(at).parent;
  for (let place = 0; place < next; place++) inside += grown.child(place).nodeSize;
  inside += 1;
  for (let place = 0; place < column; place++) inside += grown.child(next).child(place).nodeSize;
  dispatch(tr.setSelection(Selection.near(doc.resolve(inside + 2), 1)).scrollIntoView());
  return true;
}

function backspace(state, dispatch) {
  const { $from, empty } = state.selection;
  if (!empty || $from.parentOffset > 0) return false;
  if ($from.parent.type === nodes.call_out_name) return unbox(state, dispatch);
  const depth = $from.depth - 1;
  if (depth > 0 && $from.node(depth).type === nodes.call_out && $from.index(depth) === 1) {
    dispatch?.(state.tr.setSelection(Selection.near(state.doc.resolve($from.before()), -1)));
    return true;
  }
  return false;
}

function lineBreak(state, dispatch) {
  const { $from } = state.selection;
  if ($from.parent.type !== nodes.paragraph || isInTable(state)) return false;
  dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create()).scrollIntoView());
  return true;
}

export const setKind = (value) => (value === "paragraph" ? setBlockType(nodes.paragraph) : setBlockType(nodes.heading, { level: Number(value) }));

export function commandsOf(words) {
  return {
    strong: toggleMark(marks.strong), em: toggleMark(marks.em), undo, redo,
    bullets: list(nodes.bullet_list), numbers: list(nodes.ordered_list), steps: list(nodes.steps),
    deeper, shallower, "box note": box("note"), "box warn": box("warn"), "box example": box("example"), unbox, table: table(words), question: question(words),
    row: addRowAfter, column: addColumnAfter, "no-row": deleteRow, "no-column": deleteColumn, "no-table": deleteTable,
    up: moved(-1), down: moved(1),
  };
}

export function keys(ownKeys) {
  return [
    keymap({
      ...ownKeys,
      "Mod-z": undo, "Mod-y": redo, "Shift-Mod-z": redo, "Mod-b": toggleMark(marks.strong), "Mod-i": toggleMark(marks.em),
      "Mod-]": deeper, "Mod-[": shallower, "Alt-ArrowUp": moved(-1), "Alt-ArrowDown": moved(1),
      "Mod-Alt-0": setKind("paragraph"), "Mod-Alt-2": setKind("2"), "Mod-Alt-3": setKind("3"),
      "Shift-Enter": lineBreak,
      Enter: chainCommands(enterName, enterCell, enterBelow, enterWhy, splitListItem(nodes.option, { right: false }), splitListItem(nodes.list_item), splitListItem(nodes.step)),
      Backspace: backspace,
      // In a table only: elsewhere Tab leaves the editor.
      Tab: goToNextCell(1), "Shift-Tab": goToNextCell(-1),
    }),
    keymap(baseKeymap),
    inputRules({
      rules: [
        wrappingInputRule(/^\s*([-*])\s$/, nodes.bullet_list),
        wrappingInputRule(/^1[.)]\s$/, nodes.ordered_list),
        textblockTypeInputRule(/^(#{2,3})\s$/, nodes.heading, (match) => ({ level: match[1].length })),
        new InputRule(/\*\*([^*]+)\*\*$/, (state, match, from, to) =>
          state.tr.replaceWith(from, to, schema.text(match[1], [marks.strong.create()])).removeStoredMark(marks.strong)),
      ],
    }),
  ];
}
