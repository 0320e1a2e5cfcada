// A video of another site: nothing of that site is asked for until somebody presses to see it. Without this script there
// is the link to its page.

function show(box) {
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: box.dataset.frame, title: box.dataset.title, allow: "fullscreen; encrypted-media; picture-in-picture", allowFullscreen: true, loading: "lazy" });
  // Its own page and no more: it cannot lead ours away. Which site asks is said, for some refuse to play for nobody; not which lesson.
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-presentation allow-popups");
  frame.referrerPolicy = "strict-origin";
  const place = box.querySelector("[data-screen]");
  place.replaceChildren(frame);
  place.hidden = false;
  box.querySelector("[data-play]").hidden = true;
  frame.focus();
}

for (const box of document.querySelectorAll("[data-frame]")) {
  const button = box.querySelector("[data-play]");
  button.hidden = false;
  button.addEventListener("click", () => show(box));
}
