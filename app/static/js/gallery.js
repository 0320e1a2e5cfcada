// The pictures of a gallery, large, one after the other. Without this script each opens by itself, as a link does.
const dialog = document.getElementById("zoom");
const SWIPE_PX = 40;
let links = [];
let at = 0;
let from = null;

function show(place) {
  at = (place + links.length) % links.length;
  const small = links[at].querySelector("img");
  // A new one each time: on a weak signal the picture before would stand over these words.
  const picture = document.createElement("img");
  [picture.width, picture.height] = [small.naturalWidth, small.naturalHeight];
  picture.alt = small.alt;
  picture.src = links[at].href;
  dialog.querySelector("[data-picture]").replaceChildren(picture);
  dialog.querySelector("[data-said]").textContent = links[at].parentElement.querySelector("figcaption")?.textContent ?? "";
  dialog.querySelector("[data-place]").textContent = `${at + 1}/${links.length}`;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-zoom]");
  // Somebody who asks for another tab gets one.
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  links = [...link.closest(".gallery").querySelectorAll("a[data-zoom]")];
  dialog.querySelectorAll("[data-step]").forEach((button) => (button.hidden = links.length < 2));
  show(links.indexOf(link));
  dialog.showModal();
});
for (const button of dialog.querySelectorAll("[data-step]")) button.addEventListener("click", () => show(at + Number(button.dataset.step)));
dialog.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) show(at + step);
});
dialog.addEventListener("pointerdown", (event) => (from = event.clientX));
dialog.addEventListener("pointerup", (event) => {
  const moved = event.clientX - (from ?? event.clientX);
  from = null;
  if (Math.abs(moved) > SWIPE_PX) show(at - Math.sign(moved));
});
// The reader goes on at the picture last looked at.
dialog.addEventListener("close", () => links[at]?.focus());
