// Files of the lesson in the editor: sent from this device (resumable.js) or picked from the library, each under a name the
// text can show it by.
import { kindOf, plainName } from "./editor_blocks.js";

const ENDINGS = { image: ["jpg", "jpeg", "png", "webp"], video: ["mp4", "webm", "mov", "mkv"], sound: ["mp3", "m4a"], document: ["pdf", "docx", "pptx", "odt", "odp"], download: ["xlsx", "ods"] };
const ACCEPTED = {
  image: "image/jpeg,image/png,image/webp,image/gif", video: "video/*,.mkv", sound: "audio/*,.mp3,.m4a,.ogg,.wav",
  document: "application/pdf,.pdf,.docx,.pptx,.odt,.odp", download: ".xlsx,.ods,.docx,.pptx,.odt,.odp,.pdf",
};
const SLOTS = { image: "picture", video: "video", sound: "sound", document: "document", download: "download" };
const SMALL_PX = 480;

const endingOf = (name) => (name.includes(".") ? name.split(".").at(-1).toLowerCase() : "");

// Lower case letters, digits and hyphens (app/catalogue/source.py).
const slug = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");

function kindOfFile(file) {
  const by = /^(image|video|audio)\//.exec(file.type)?.[1];
  if (by) return by === "audio" ? "sound" : by;
  return Object.keys(ENDINGS).find((kind) => ENDINGS[kind].includes(endingOf(file.name))) ?? "";
}

async function small(file) {
  const bitmap = await createImageBitmap(file);
  const by = Math.min(1, SMALL_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, bitmap.width * by), Math.max(1, bitmap.height * by)];
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/webp", 0.8);
}

export class Files {
  // `shown` is called when a file has got a picture of itself.
  constructor(form, words, part, shown) {
    [this.form, this.words, this.part, this.shown] = [form, words, part, shown];
    this.pictures = new Map();
    this.titles = new Map();
    this.dialog = document.getElementById("editor-file");
    for (const row of form.querySelectorAll("[data-file]")) this.pictures.set(row.dataset.file, row.dataset.picture ?? "");
  }

  pictureOf(name) {
    return this.pictures.get(name) ?? "";
  }

  // What its owner called a file, without the ending.
  titleOf(name) {
    return this.titles.get(name) ?? name;
  }

  // Of a new file: the name it will be shown by, another than all there are.
  named(fileName, kind) {
    const ending = ENDINGS[kind].includes(endingOf(fileName)) ? endingOf(fileName) : { image: "webp", video: "mp4", sound: "m4a", document: "pdf", download: "xlsx" }[kind];
    const base = slug(fileName.replace(/\.\w+$/, "")).slice(0, 60) || this.words.pasted;
    let name = `${base}.${ending}`;
    for (let count = 2; this.pictures.has(name); count++) name = `${base}-${count}.${ending}`;
    this.pictures.set(name, "");
    this.titles.set(name, fileName.replace(/\.\w+$/, "").trim() || name);
    return name;
  }

  // Sends a file on its way; its name, or "" for what a lesson cannot show.
  send(file) {
    const kind = kindOfFile(file);
    if (!kind) return "";
    const name = this.named(file.name, kind);
    const slot = this.part("slot");
    Object.assign(slot.dataset, { kind, name, most: JSON.parse(this.dialog.querySelector("[data-most]").dataset.most)[kind] });
    this.form.querySelector("[data-placed]").append(slot);
    slot.dispatchEvent(new CustomEvent("send", { bubbles: true, detail: file }));
    if (kind === "image") small(file).then((address) => this.see(name, address)).catch(() => {});
    return name;
  }

  see(name, address) {
    this.pictures.set(name, address);
    this.shown();
  }

  pick(choice) {
    const known = this.form.querySelector(`[data-placed] input[name="placed_id"][value="${CSS.escape(choice.value)}"]`);
    if (known) return known.previousElementSibling.value;
    const name = this.named(choice.dataset.name, this.kind);
    const slot = this.part("slot");
    for (const [field, value] of [["placed_name", name], ["placed_id", choice.value]]) slot.append(Object.assign(document.createElement("input"), { type: "hidden", name: field, value }));
    this.form.querySelector("[data-placed]").append(slot);
    const picture = choice.closest("label").querySelector("img")?.getAttribute("src");
    if (picture) this.see(name, picture);
    return name;
  }

  // Asks for files of a kind; `chosen` gets their names.
  ask(kind, chosen) {
    const { dialog, words } = this;
    this.kind = kind;
    dialog.querySelector("h2").textContent = words.insert[kind];
    const input = dialog.querySelector("input[type=file]");
    Object.assign(input, { accept: ACCEPTED[kind], multiple: kind === "image", value: "" });
    input.onchange = () => {
      const names = [...input.files].map((file) => this.send(file));
      dialog.close();
      chosen(names.filter(Boolean), [...input.files].filter((_file, place) => !names[place]));
    };
    const found = dialog.querySelector("[data-found]");
    found.hidden = true;
    const find = dialog.querySelector("[data-find]");
    find.querySelector("label").textContent = words.find[kind];
    find.onsubmit = (event) => {
      event.preventDefault();
      this.find(found, find.querySelector("input").value);
    };
    found.onsubmit = (event) => {
      event.preventDefault();
      const choice = found.querySelector("input:checked");
      if (!choice) return;
      dialog.close();
      chosen([this.pick(choice)], []);
    };
    dialog.showModal();
  }

  async find(found, words) {
    const slot = SLOTS[this.kind];
    const answer = await fetch(`/studio/library/pick?${new URLSearchParams({ slot, [`find_${slot}`]: words })}`, { headers: { "HX-Request": "true" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    found.querySelector("[data-list]").replaceChildren(...page.body.childNodes);
    found.querySelector("button").hidden = !found.querySelector("input");
    found.hidden = false;
  }
}

export { kindOf, plainName };
