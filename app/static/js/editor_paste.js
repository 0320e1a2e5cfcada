// What comes from Word, Google Docs, LibreOffice and web pages, as plain HTML of the blocks a lesson knows: headings, lists,
// tables, bold, italic and links stay; looks, comments, and what only those programs understand go.

const DROPPED = "script, style, meta, link, title, xml, noscript, iframe, object, svg, input, select, textarea, button, del, [hidden]";
const BULLET = /^[-+*•·●○▪§o–—]\s+/;
const NUMBER = /^(\d{1,3}|[a-zđ])[.)]\s+/i;
const LINK = /^(https?:\/\/|mailto:|tel:|\/(?!\/))/i;
const BLOCKS = "p, h1, h2, h3, h4, h5, h6, ul, ol, li, table, blockquote, pre, div, hr, figure";

const isBlank = (element) => !element.textContent.replace(/[\s\u00a0\u200b]/g, "") && !element.querySelector("img, hr, table, figure");
const styleOf = (element) => (element.dataset.style ?? "").toLowerCase();
const unwrap = (element) => element.replaceWith(...element.childNodes);

// `take(picture)` gives the name a picture that came along will have in the lesson, or "" where it could not come along.
export function cleaned(html, take = () => "") {
  // Looks come under another name: the policy of the page has them reported wherever they are.
  const named = html.replace(/<style\b[\s\S]*?<\/style>/gi, "").replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/gi, " data-style="));
  const page = new DOMParser().parseFromString(named, "text/html");
  const body = page.body;
  dropComments(page, body);
  body.querySelectorAll(DROPPED).forEach((one) => one.remove());
  for (const one of [...body.querySelectorAll("*")]) {
    if (/mso-element:\s*(comment|footnote|endnote|header|footer)/.test(styleOf(one)) || one.matches(".MsoCommentReference, .MsoCommentText")) one.remove();
    else if (/mso-hide:\s*all|display:\s*none/.test(styleOf(one))) one.remove();
  }
  wordLists(page, body);
  pictures(page, body, take);
  for (const one of [...body.querySelectorAll("*")].reverse()) marked(page, one);
  titles(page, body);
  tables(page, body);
  for (const one of [...body.querySelectorAll("*")].reverse()) plain(one);
  typedLists(page, body);
  body.querySelectorAll("p, li, h2, h3, h4, strong, em, a").forEach((one) => isBlank(one) && (one.matches("strong, em, a") ? unwrap(one) : one.remove()));
  body.querySelectorAll("ul:empty, ol:empty").forEach((one) => one.remove());
  headings(page, body);
  return body.innerHTML.replace(/\u00a0/g, " ");
}

function dropComments(page, body) {
  const walker = page.createTreeWalker(body, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  found.forEach((one) => one.remove());
}

// --- lists -------------------------------------------------------------------------------------------------------

// Word writes items as paragraphs with a level, their signs as text it asks others to leave out.
function wordLists(page, body) {
  let open = [];
  for (const item of [...body.querySelectorAll("p, h1, h2, h3, h4, h5, h6, li")]) {
    const said = /mso-list:\s*l(\d+)\s+level(\d+)/.exec(styleOf(item));
    if (!said || item.tagName !== "P") {
      if (item.tagName !== "LI" && !item.closest("table")) open = [];
      item.querySelectorAll("[data-style*='mso-list']").forEach((sign) => /mso-list:\s*ignore/.test(styleOf(sign)) && sign.remove());
      continue;
    }
    const sign = [...item.querySelectorAll("[data-style]")].find((one) => /mso-list:\s*ignore/.test(styleOf(one)));
    const isNumbered = /^\s*\(?(\d|[a-zđ]{1,4}[.)]|[ivx]+[.)])/i.test(sign?.textContent ?? "") && !/^\s*o\s/.test(sign.textContent);
    const begins = Number(/\d+/.exec(sign?.textContent ?? "")?.[0] ?? 1);
    sign?.remove();
    const level = Number(said[2]);
    if (open.length && !follows(open[0].list, item)) open = [];
    while (open.length && (open.at(-1).level > level || (open.at(-1).level === level && open.at(-1).isNumbered !== isNumbered))) open.pop();
    const li = page.createElement("li");
    const words = page.createElement("p");
    words.append(...item.childNodes);
    li.append(words);
    if (!open.length || open.at(-1).level < level) {
      const list = page.createElement(isNumbered ? "ol" : "ul");
      if (isNumbered && begins > 1) list.setAttribute("start", begins);
      const above = open.at(-1)?.list.lastElementChild;
      if (above) above.append(list);
      else item.before(list);
      open.push({ list, level, isNumbered });
    }
    open.at(-1).list.append(li);
    item.remove();
  }
}

const follows = (list, item) => {
  let next = list.nextSibling;
  while (next && next.nodeType === 3 && !next.data.trim()) next = next.nextSibling;
  return next === item;
};

// Many type the sign by hand: two such lines or more are a list.
function typedLists(page, body) {
  for (const [sign, tag] of [[BULLET, "ul"], [NUMBER, "ol"]]) {
    const isItem = (one) => one?.tagName === "P" && sign.test(one.textContent.trimStart().replace(/\u00a0/g, " "));
    for (const first of [...body.querySelectorAll("p")]) {
      if (!isItem(first) || first.closest("li, td, th") || !isItem(first.nextElementSibling)) continue;
      if (tag === "ol" && !/^\s*(1|a)[.)]/i.test(first.textContent)) continue;
      const list = page.createElement(tag);
      first.before(list);
      for (let item = first; isItem(item); ) {
        const next = item.nextElementSibling;
        dropStart(item, sign);
        const li = page.createElement("li");
        item.replaceWith(li);
        li.append(item);
        list.append(li);
        item = next;
      }
    }
  }
}

function dropStart(item, sign) {
  let left = sign.exec(item.textContent.trimStart().replace(/\u00a0/g, " "))[0].length + item.textContent.length - item.textContent.trimStart().length;
  const walker = item.ownerDocument.createTreeWalker(item, NodeFilter.SHOW_TEXT);
  while (left > 0 && walker.nextNode()) {
    const text = walker.currentNode;
    const gone = Math.min(left, text.data.length);
    text.data = text.data.slice(gone);
    left -= gone;
  }
}

// --- words -------------------------------------------------------------------------------------------------------

// What a style says of letters becomes what it means.
function marked(page, one) {
  if (!one.matches("span, font, b, i, em, strong")) return;
  const style = styleOf(one);
  const weight = /font-weight:\s*(\w+)/.exec(style)?.[1];
  const isBold = weight ? weight === "bold" || weight === "bolder" || Number(weight) >= 600 : one.matches("b, strong");
  const slant = /font-style:\s*(\w+)/.exec(style)?.[1];
  const isItalic = slant ? slant === "italic" : one.matches("i, em");
  const holdsBlocks = Boolean(one.querySelector(BLOCKS));
  let inner = [...one.childNodes];
  for (const [is, tag] of [[isItalic, "em"], [isBold, "strong"]]) {
    if (!is || holdsBlocks) continue;
    const wrapped = page.createElement(tag);
    wrapped.append(...inner);
    inner = [wrapped];
  }
  one.replaceWith(...inner);
}

// The title of a document is its first heading.
function titles(page, body) {
  for (const one of body.querySelectorAll("p.MsoTitle, p.MsoSubtitle, p.title")) renamed(page, one, "h1");
}

function renamed(page, one, tag) {
  const made = page.createElement(tag);
  made.append(...one.childNodes);
  one.replaceWith(made);
  return made;
}

// A lesson has headings of two levels, three at most; the highest there is becomes the first of them.
function headings(page, body) {
  const levels = [...new Set([...body.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((one) => Number(one.tagName[1])))].sort();
  for (const one of [...body.querySelectorAll("h1, h2, h3, h4, h5, h6")]) {
    one.querySelectorAll("strong").forEach(unwrap);
    renamed(page, one, `h${Math.min(4, levels.indexOf(Number(one.tagName[1])) + 2)}`);
  }
}

const KEPT = { A: ["href"], OL: ["start"], FIGURE: ["data-src", "data-alt", "data-caption"], TD: ["class"], TH: ["class"] };
const KNOWN = "p, h1, h2, h3, h4, h5, h6, ul, ol, li, table, tbody, tr, td, th, strong, em, a, br, blockquote, pre, code, hr, figure";

function plain(one) {
  if (one.matches("a") && !LINK.test(one.getAttribute("href") ?? "")) return unwrap(one);
  if (one.matches("div, section, article, center, dd, dt") && !one.querySelector(BLOCKS)) one = renamed(one.ownerDocument, one, "p");
  if (!one.matches(KNOWN)) return unwrap(one);
  for (const { name } of [...one.attributes]) if (!KEPT[one.tagName]?.includes(name)) one.removeAttribute(name);
}

// --- tables and pictures -----------------------------------------------------------------------------------------

// A table of ours has one row of heads, as many cells in each row, and a line of words in each cell.
function tables(page, body) {
  for (const table of [...body.querySelectorAll("table")].reverse()) {
    const rows = [...table.rows];
    const width = Math.max(0, ...rows.map((row) => [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0)));
    // A frame around words, no table.
    if (width < 2 || table.closest("td, th") || table.querySelector("table")) {
      rows.flatMap((row) => [...row.cells]).forEach((cell) => table.before(...cell.childNodes));
      table.remove();
      continue;
    }
    const made = page.createElement("table");
    const below = new Map();
    rows.forEach((row, place) => {
      const line = made.insertRow();
      let column = 0;
      const fill = () => {
        for (; below.get(column) > 0; column++) {
          below.set(column, below.get(column) - 1);
          line.append(page.createElement(place ? "td" : "th"));
        }
      };
      for (const cell of row.cells) {
        fill();
        for (let part = 0; part < cell.colSpan; part++, column++) {
          const made = page.createElement(place ? "td" : "th");
          if (!part) made.append(inLine(page, cell, place === 0));
          if (/text-align:\s*(right|center)/.test(styleOf(cell)) || /^(right|center)$/i.test(cell.align)) made.className = /right/i.test(styleOf(cell) + cell.align) ? "n" : "c";
          if (cell.rowSpan > 1) below.set(column, cell.rowSpan - 1);
          line.append(made);
        }
      }
      fill();
      while (line.cells.length < width) line.append(page.createElement(place ? "td" : "th"));
    });
    table.replaceWith(made);
  }
}

function inLine(page, cell, isHead) {
  const words = page.createElement("p");
  const parts = [...cell.querySelectorAll("p, li, div, h1, h2, h3, h4, h5, h6")].filter((part) => !part.querySelector("p, li, div"));
  (parts.length ? parts : [cell]).forEach((part, place) => {
    if (place) words.append(" ");
    words.append(...part.childNodes);
  });
  words.querySelectorAll("br").forEach((one) => one.replaceWith(" "));
  // The row of heads is bold as it is.
  if (isHead) words.querySelectorAll("strong").forEach(unwrap);
  return words;
}

// Each stands alone, where it was, if it came along.
function pictures(page, body, take) {
  for (const image of [...body.querySelectorAll("img")]) {
    const src = take(image.getAttribute("src") ?? "", image.alt);
    const around = image.closest("p, li, td, th, h1, h2, h3, h4, h5, h6");
    if (src) {
      const figure = page.createElement("figure");
      figure.dataset.src = src;
      // Word describes pictures by itself; what it says of them is no description.
      figure.dataset.alt = /^(image|picture|a |hình ảnh|description automatically)/i.test(image.alt) || /\.\w{3,4}$/.test(image.alt) ? "" : image.alt;
      (around ?? image).after(figure);
    }
    image.remove();
  }
}

const BLIP = /\\(pngblip|jpegblip)(?:\\[a-z]+-?\d*|\{[^{}]*\}|\s)*?\s*([\da-f\s]{40,})/gi;

// Pictures in what Word puts beside its HTML (RTF, \\pict), in their order: type and bytes.
export function picturesOf(rtf) {
  return [...rtf.matchAll(BLIP)].map(([, kind, digits]) => ({
    type: kind === "pngblip" ? "image/png" : "image/jpeg",
    bytes: Uint8Array.from(digits.replace(/\s/g, "").match(/../g), (two) => parseInt(two, 16)),
  }));
}
