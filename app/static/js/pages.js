// A document of a lesson, one page at a time. Without this script its pages stand one below the other.

class Turner {
  constructor(figure) {
    this.figure = figure;
    this.pages = [...figure.querySelectorAll("[data-page]")];
    this.place = figure.querySelector("[data-place]");
    this.buttons = [...figure.querySelectorAll("[data-turn]")];
    for (const button of this.buttons) button.addEventListener("click", () => this.turn(Number(button.dataset.turn)));
    figure.addEventListener("keydown", (event) => this.key(event));
    figure.querySelector("[data-turning]").hidden = this.pages.length < 2;
    const positions = JSON.parse(figure.closest("[data-positions]")?.dataset.positions ?? "{}");
    this.show((positions[figure.dataset.document] ?? 1) - 1);
  }

  // Arrows of somebody who is on the document.
  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.turn(step);
  }

  turn(step) {
    const before = this.at;
    this.show(this.at + step);
    if (this.at === before) return;
    this.figure.dispatchEvent(new Event("turned"));
    if (this.figure.getBoundingClientRect().top < 0) this.figure.scrollIntoView({ block: "start" });
  }

  show(place) {
    this.at = Math.max(0, Math.min(place, this.pages.length - 1));
    this.pages.forEach((page, number) => (page.hidden = number !== this.at));
    this.place.textContent = `${this.at + 1}/${this.pages.length}`;
    // Not disabled: the button pressed last must not lose the focus.
    for (const button of this.buttons) {
      const next = this.at + Number(button.dataset.turn);
      button.setAttribute("aria-disabled", String(next < 0 || next >= this.pages.length));
    }
    // The next one is fetched while this one is read.
    this.pages[this.at + 1]?.querySelector("img").setAttribute("loading", "eager");
  }
}

for (const figure of document.querySelectorAll("[data-document]")) new Turner(figure);
