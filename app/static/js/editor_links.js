// A paragraph that is a link and nothing else, marked in the editor as what the learner will see of it: a file to download, a
// video of another site (app/catalogue/lone_links.py, embeds.py). Its text stays a link, to be written as any other.
import { Decoration, DecorationSet, Plugin } from "./prosemirror.min.js";
import { plainName } from "./editor_blocks.js";
import { schema } from "./editor_schema.js";

const DOWNLOADED = /^[^\s/\\:?#]+\.(xlsx|ods|pdf|docx|pptx|odt|odp)$/i;
const PLACE = "{id}";
const INNER = "place-of-id";

// The address a paragraph of the first level leads to, if there is nothing else in it.
function addressOf(block) {
  if (block.type !== schema.nodes.paragraph || !block.content.size) return "";
  const hrefs = new Set(block.children.map((child) => schema.marks.link.isInSet(child.marks)?.attrs.href ?? ""));
  return hrefs.size === 1 ? [...hrefs][0] : "";
}

function partsOf(address) {
  try {
    const url = new URL(address);
    return /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.port ? url : null;
  } catch {
    return null;
  }
}

const segments = (url) => url.pathname.split("/").filter(Boolean);

function fits(url, address) {
  const wanted = partsOf(`https://${address.replace(PLACE, INNER)}`);
  if (!wanted || url.hostname !== wanted.hostname) return false;
  const [here, there] = [segments(url), segments(wanted)];
  const isSame = (one, other) => other === one || (one === INNER && /^[\w-]{1,64}$/.test(other ?? ""));
  return here.length === there.length && there.every((part, place) => isSame(part, here[place])) && [...wanted.searchParams].every(([name, value]) => isSame(value, url.searchParams.get(name)));
}

// The site of the list that shows a video of this address; the server has the last word.
export function siteOf(address, sites) {
  const url = partsOf(address.trim());
  return url ? sites.find((site) => site.addresses.some((one) => fits(url, one))) : undefined;
}

export function linkTo(href, text) {
  return schema.node("paragraph", null, [schema.text(text, [schema.marks.link.create({ href })])]);
}

export const isFile = (address) => DOWNLOADED.test(plainName(address));

// `say(href)`: what stands below such a paragraph; empty for a link like any other.
export function loneLinks(say) {
  return new Plugin({
    props: {
      decorations(state) {
        const found = [];
        state.doc.forEach((block, at) => {
          const href = addressOf(block);
          const said = href && say(href);
          if (said) found.push(Decoration.node(at, at + block.nodeSize, { class: "shown-as", "data-shown": said }));
        });
        return DecorationSet.create(state.doc, found);
      },
    },
  });
}
