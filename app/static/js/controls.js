// Beside the browser's own controls of a video: its quality (stream.js plays what is chosen) and its speed, both kept on
// this device, and keys while the focus is on the video. Space and arrows stay the browser's.

const QUALITY = "hs-quality";
const SPEED = "hs-speed";
const STEP_S = 10;

class Controls {
  constructor(bar) {
    this.video = bar.closest("figure").querySelector("video, audio");
    this.quality = bar.querySelector("[data-quality]");
    this.speed = bar.querySelector("[data-speed]");
    this.speeds = values(this.speed).map(Number);
    if (this.quality) {
      this.prefer(read(QUALITY) ?? (navigator.connection?.saveData ? "light" : "auto"));
      this.quality.addEventListener("change", () => keep(QUALITY, this.quality.value));
    }
    this.run(Number(read(SPEED) ?? 1));
    this.speed.addEventListener("change", () => this.run(Number(this.speed.value)));
    // The browser's own menu offers speeds, too.
    this.video.addEventListener("ratechange", () => this.follow());
    this.video.addEventListener("keydown", (event) => this.press(event));
    bar.hidden = false;
  }

  // What was chosen for another video, or the nearest this one has: sizes differ, and not each has sound.
  prefer(choice) {
    const names = values(this.quality);
    const nearest = Number(choice) ? names.find((name) => Number(name) <= Number(choice)) : "light";
    this.quality.value = [choice, nearest, "auto"].find((name) => names.includes(name));
  }

  run(speed) {
    if (!this.speeds.includes(speed)) return;
    this.video.playbackRate = speed;
    // Not left to the event: a file chosen in the same moment drops it.
    this.follow();
  }

  follow() {
    const speed = this.video.playbackRate;
    if (!this.speeds.includes(speed)) return;
    // A new file begins at the default.
    this.video.defaultPlaybackRate = speed;
    this.speed.value = speed;
    keep(SPEED, speed);
  }

  press(event) {
    const act = KEYS[event.key.toLowerCase()];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(this.video, this);
  }

  step(by) {
    this.run(this.speeds[this.speeds.indexOf(this.video.playbackRate) + by]);
  }
}

const KEYS = {
  k: (video) => (video.paused ? video.play().catch(() => {}) : video.pause()),
  j: (video) => (video.currentTime -= STEP_S),
  l: (video) => (video.currentTime += STEP_S),
  c: (video) => turnCaptions(video),
  f: (video) => fill(video),
  "<": (_video, controls) => controls.step(-1),
  ">": (_video, controls) => controls.step(1),
};

function turnCaptions(video) {
  const shown = [...video.textTracks].find((track) => track.mode === "showing");
  if (shown) shown.mode = "disabled";
  else if (video.textTracks.length) video.textTracks[0].mode = "showing";
}

// Browsers inside other apps may have no full screen; iPhones have one of their own.
function fill(video) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (video.requestFullscreen) video.requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.();
}

function values(select) {
  return [...select.options].map((option) => option.value);
}

// Without a store, as in some browsers inside other apps, a choice lives as long as the page.
function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Lives as long as the page.
  }
}

for (const bar of document.querySelectorAll("[data-watching]")) new Controls(bar);
