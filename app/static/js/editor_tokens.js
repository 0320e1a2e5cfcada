// What the signs of a lesson's text are, as blocks of the editor's schema; js/editor_signs.js is the way back.
import { MarkdownIt, MarkdownParser, container } from "./prosemirror.min.js";
import { schema } from "./editor_schema.js";

const CALL_OUTS = ["note", "warn", "example"];
// As the server reads it (app/catalogue/markdown.py).
export const markdown = new MarkdownIt("commonmark", { html: false }).enable("table");
// A box of a name unknown here may be known there: it is found, and stays as it is written.
markdown.use(container, "box", { validate: (params) => /^\s*\w/.test(params) });

class NotUnderstood extends Error {}

const isBreak = (token) => token.type === "softbreak" || token.type === "hardbreak";

export function endOf(tokens, place) {
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
  return [...tokens.slice(0, from), named(tokens[from], "options_open", 1, { tight: isTight(tokens, from), close: isClose(tokens, from) }), ...options, named(tokens[until], "options_close", -1), ...tokens.slice(until + 1)];
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

// Whether a list follows a paragraph without a blank line.
const isClose = (tokens, at) => tokens[at - 3]?.type === "paragraph_open" && tokens[at - 1].type === "paragraph_close" && tokens[at - 3].map[1] === tokens[at].map[0];

const own = (token) => token.own ?? null;
const list = (token, tokens, at) => ({ tight: isTight(tokens, at), close: isClose(tokens, at), bullet: token.markup, order: Number(token.attrGet("start") ?? 1) });
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
  options: { block: "options", getAttrs: own },
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

export function nodesOf(tokens) {
  const shown = shaped(tokens);
  // The parser of tokens, without reading the text again.
  return new MarkdownParser(schema, { parse: () => shown }, parser.tokens).parse("").children;
}

// What a text means, whatever signs it is written with; two texts of one meaning have the same.
export function meaning(tokens) {
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
