// Small pictures of a whole video in a row, to look for a place by: a press on one goes there. Their sheet is fetched when
// the row is first opened; without it the times alone are there to be pressed.

class Storyboard {
  constructor(details) {
    this.details = details;
    this.video = details.closest("figure").querySelector("video");
    this.row = details.querySelector("[data-row]");
    this.pictures = [];
    details.addEventListener("toggle", () => details.open && this.open());
    this.video.addEventListener("timeupdate", () => this.follow());
    this.row.addEventListener("click", (event) => this.press(event));
    this.row.addEventListener("keydown", (event) => this.key(event));
    details.hidden = false;
  }

  open() {
    if (!this.pictures.length) this.draw(JSON.parse(this.details.dataset.storyboard));
    this.choose(this.now);
    this.row.scrollLeft = this.now.offsetLeft - this.row.clientWidth / 3;
  }

  draw({ url, every_s, count, columns, width, height }) {
    for (let number = 0; number < count; number += 1) {
      const picture = Object.assign(document.createElement("button"), { type: "button", value: number * every_s, tabIndex: -1 });
      const shown = Object.assign(document.createElement("span"), { className: "shown" });
      // By script: the content policy takes no style attributes.
      Object.assign(shown.style, {
        width: `${width}px`, height: `${height}px`, backgroundImage: `url("${url}")`,
        backgroundPosition: `${-width * (number % columns)}px ${-height * Math.floor(number / columns)}px`,
      });
      picture.append(shown, clock(number * every_s));
      this.pictures.push(picture);
    }
    this.row.append(...this.pictures);
  }

  // The picture of where the video is, or will begin.
  get now() {
    const at = Number(this.video.dataset.from ?? this.video.currentTime);
    return this.pictures.findLast((picture) => Number(picture.value) <= at + 0.01) ?? this.pictures[0];
  }

  // One stop for the tab key; arrows lead on from there.
  choose(picture) {
    for (const one of this.pictures) one.tabIndex = one === picture ? 0 : -1;
  }

  follow() {
    if (!this.details.open) return;
    for (const one of this.pictures) one.toggleAttribute("aria-current", false);
    this.now?.setAttribute("aria-current", "true");
  }

  press(event) {
    const picture = event.target.closest("button");
    if (!picture) return;
    this.choose(picture);
    goTo(this.video, Number(picture.value));
    this.video.play().catch(() => {});
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = this.pictures[this.pictures.indexOf(event.target) + step];
    if (!next || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.choose(next);
    next.focus();
    // A browser may be content with half of it.
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function clock(seconds) {
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

for (const details of document.querySelectorAll("[data-storyboard]")) new Storyboard(details);
