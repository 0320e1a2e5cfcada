// The words of a video: the line being said is marked and kept in sight, a press on a line goes to its moment, and words
// can be looked for. An address that ends in the name of a line (a search result) begins there. Without this script the
// lines stand there to be read.

class Transcript {
  constructor(details) {
    this.video = details.closest("figure").querySelector("video, audio");
    this.details = details;
    this.list = details.querySelector("ol");
    this.lines = [...this.list.querySelectorAll("[data-at]")].map((link) => ({ link, at: Number(link.dataset.at), said: fold(link.lastElementChild.textContent) }));
    this.list.addEventListener("click", (event) => this.press(event));
    this.video?.addEventListener("timeupdate", () => this.follow());
    this.field = details.querySelector("[data-seek]");
    this.field.hidden = false;
    this.field.querySelector("input").addEventListener("input", (event) => this.find(event.target.value));
  }

  press(event) {
    const link = event.target.closest("[data-at]");
    if (!link || !this.video || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.replaceState(history.state, "", link.hash);
    goTo(this.video, Number(link.dataset.at));
    this.video.play().catch(() => {});
  }

  follow() {
    // A hundredth more: a jump lands a hair before the line it was meant for.
    const now = this.lines.findLast((line) => line.at <= this.video.currentTime + 0.01);
    if (now === this.now) return;
    this.now?.link.removeAttribute("aria-current");
    this.now = now;
    now?.link.setAttribute("aria-current", "true");
    // Not under the fingers of somebody who reads ahead.
    if (now && this.details.open && !this.list.matches(":hover, :focus-within")) this.bringUp(now.link.parentElement);
  }

  bringUp(item) {
    this.list.scrollTop = item.offsetTop - this.list.clientHeight / 3;
  }

  find(text) {
    const wanted = fold(text).trim();
    let count = 0;
    for (const line of this.lines) {
      const holds = line.said.includes(wanted);
      line.link.parentElement.hidden = !holds;
      if (holds) count += 1;
    }
    const said = this.details.querySelector("[data-found]");
    said.textContent = wanted ? said.dataset.found.replace("{count}", count) : "";
  }
}

// As app/core/text.py folds: search needs no marks.
function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("đ", "d");
}

function beginAtAddress() {
  const link = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.querySelector("a[data-at]");
  const transcript = transcripts.find((one) => one.list.contains(link));
  if (!transcript?.video) return;
  transcript.details.open = true;
  transcript.bringUp(link.parentElement);
  goTo(transcript.video, Number(link.dataset.at));
  transcript.video.scrollIntoView({ block: "nearest" });
}

const transcripts = [...document.querySelectorAll(".transcript:has([data-at])")].map((details) => new Transcript(details));
if (location.hash) beginAtAddress();
