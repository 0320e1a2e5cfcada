// The outline of a course: a lesson is dragged by its handle, by mouse, pen or finger, or moved with the arrow keys on it.
// Without this script each lesson has its buttons up and down; here the same form is sent, and the outline comes anew.

const said = document.querySelector("[data-moved]");
// The lesson moved last, by key: its handle is where the keyboard goes on, and where it stands now is told.
let moved = "";

const outline = () => document.querySelector("[data-outline]");
let last = outline();
const line = (key) => outline()?.querySelector(`[data-lesson="${CSS.escape(key)}"]`);

function send(button, key) {
  moved = key;
  button.form.requestSubmit(button);
}

function place(item) {
  const button = outline().querySelector("[data-place]");
  const next = item.nextElementSibling?.dataset.lesson ?? "";
  button.value = `lesson:${item.dataset.lesson}:${item.parentElement.dataset.lessons}:${next}`;
  send(button, item.dataset.lesson);
}

class Drag {
  constructor(event, item) {
    this.item = item;
    this.id = event.pointerId;
    this.home = [item.parentElement, item.nextElementSibling];
    item.classList.add("dragged");
  }

  // Where the pointer is, between which two lessons of which module; the page follows at its edges.
  to(y) {
    const lists = [...outline().querySelectorAll("[data-lessons]")];
    const list = lists.find((one) => y < one.getBoundingClientRect().bottom) ?? lists.at(-1);
    const others = [...list.querySelectorAll("[data-lesson]")].filter((one) => one !== this.item);
    const next = others.find((one) => y < one.getBoundingClientRect().top + one.offsetHeight / 2) ?? null;
    if (next !== this.item.nextElementSibling || list !== this.item.parentElement) list.insertBefore(this.item, next);
    if (y < 60) scrollBy(0, -12);
    else if (y > innerHeight - 60) scrollBy(0, 12);
  }

  end(isKept) {
    this.item.classList.remove("dragged");
    const [list, next] = this.home;
    const stays = this.item.parentElement === list && this.item.nextElementSibling === next;
    if (!isKept) list.insertBefore(this.item, next);
    else if (!stays) place(this.item);
  }
}

let drag = null;

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-handle]");
  if (!handle || event.button !== 0 || drag) return;
  drag = new Drag(event, handle.closest("[data-lesson]"));
});
document.addEventListener("pointermove", (event) => {
  if (drag?.id === event.pointerId) drag.to(event.clientY);
});
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, (event) => {
    if (drag?.id !== event.pointerId) return;
    drag.end(name === "pointerup");
    drag = null;
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drag) {
    drag.end(false);
    drag = null;
    return;
  }
  const which = { ArrowUp: "[data-up]", ArrowDown: "[data-down]" }[event.key];
  const item = which && event.target.closest("[data-handle]")?.closest("[data-lesson]");
  if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const button = item.querySelector(which);
  if (button) send(button, item.dataset.lesson);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-up], [data-down]");
  if (button) moved = button.closest("[data-lesson]").dataset.lesson;
});

// The outline came anew from the server.
new MutationObserver(() => {
  if (outline() === last) return;
  last = outline();
  const item = moved && line(moved);
  moved = "";
  if (!item) return;
  if (!document.activeElement || document.activeElement === document.body) item.querySelector("[data-handle]").focus();
  const module = item.closest("[data-module]").dataset.title;
  const number = [...item.parentElement.children].indexOf(item) + 1;
  said.textContent = said.dataset.words.replace("{title}", item.dataset.title).replace("{place}", `${module}, ${number}`);
}).observe(document.querySelector("main"), { childList: true, subtree: true });

// The handles show only where they work.
document.documentElement.dataset.arranges = "";
