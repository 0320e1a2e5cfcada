// Which file a video plays. From the first press on play: its ladder of sizes (HLS), the lightest first and a sharper one
// as the signal allows, or the one quality that is chosen (controls.js). The player (hls.js) is fetched only then.
// Whatever goes wrong, the plain MP4 of the page plays. `data-from` of a video is the second its next file begins at.

const AGAIN_MS = 5000;
const PLAYLIST = "application/vnd.apple.mpegurl";
// Weak signals are the rule: begin light, trust little. A sharper picture than two dots a point is lost on a phone.
const CAREFUL = {
  startLevel: 0, abrEwmaDefaultEstimate: 200_000, capLevelToPlayerSize: true, maxDevicePixelRatio: 2,
  maxBufferLength: 30, backBufferLength: 30, enableWorker: false,
};
// Safari plays lists by itself; Chromium says "maybe" and should not be believed.
const canStream = "MediaSource" in window;
const playsLists = "ManagedMediaSource" in window || (!canStream && document.createElement("video").canPlayType(PLAYLIST) !== "");

class Stream {
  constructor(video) {
    this.video = video;
    this.plain = video.querySelector("source").src;
    this.choice = video.closest("figure")?.querySelector("[data-quality]");
    this.turn = 0;
    if (video.paused) video.addEventListener("play", () => this.load(), { once: true });
    else this.load();
    this.choice?.addEventListener("change", () => this.turn && this.load());
    if (!canStream && !playsLists) this.hideChoice();
  }

  get list() {
    const stream = new URL(this.video.dataset.stream, location.href);
    return new URL(this.choice?.selectedOptions[0]?.dataset.list ?? "", stream).href;
  }

  // What is chosen now, from where the video is now.
  async load() {
    const turn = (this.turn += 1);
    const isPlaying = turn === 1 || !this.video.paused;
    this.keepPlace();
    if (playsLists) return this.change(this.list, isPlaying);
    this.hls?.destroy();
    // What the press began to fetch is the plain file; nobody needs it any more.
    empty(this.video);
    try {
      const { default: Hls } = await import(this.video.dataset.hls);
      if (turn === this.turn) this.attach(Hls, isPlaying);
    } catch {
      this.giveUp();
    }
  }

  attach(Hls, isPlaying) {
    if (!Hls.isSupported()) return this.giveUp();
    const hls = (this.hls = new Hls({ ...CAREFUL, fLoader: wholeParts(Hls), startPosition: Number(this.video.dataset.from ?? -1) }));
    let begun = false;
    let recovered = false;
    hls.on(Hls.Events.MANIFEST_PARSED, () => (begun = true));
    // To recover it empties the video, which pauses it.
    hls.on(Hls.Events.MEDIA_DETACHING, () => (isPlaying = !this.video.paused));
    hls.on(Hls.Events.MEDIA_ATTACHED, () => isPlaying && play(this.video));
    hls.on(Hls.Events.FRAG_BUFFERED, () => (this.renewed = false));
    hls.on(Hls.Events.ERROR, (_name, problem) => {
      if (!problem.fatal) return;
      const isLost = problem.type === Hls.ErrorTypes.NETWORK_ERROR && begun;
      if (isLost && !isRefusal(problem.response?.code)) {
        // Not on "online": that never comes in a network without a way out of the building.
        setTimeout(() => hls === this.hls && hls.startLoad(), AGAIN_MS);
      } else if (isLost && !this.renewed) {
        // The address ran out while the page stood open: the list leads to a new one.
        this.renewed = true;
        this.load();
      } else if (problem.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        hls.recoverMediaError();
      } else {
        this.giveUp();
      }
    });
    hls.loadSource(this.list);
    hls.attachMedia(this.video);
    if (isPlaying) play(this.video);
  }

  // Nothing is left to choose then.
  giveUp() {
    this.keepPlace();
    this.hls?.destroy();
    this.hls = null;
    this.hideChoice();
    this.change(this.plain, true);
  }

  change(url, isPlaying) {
    if (url !== this.plain) this.video.addEventListener("error", () => this.giveUp(), { once: true });
    this.video.src = url;
    if (isPlaying) play(this.video);
  }

  keepPlace() {
    if (this.video.readyState > 0) this.video.dataset.from = this.video.currentTime;
  }

  hideChoice() {
    if (this.choice) this.choice.closest(".field").hidden = true;
  }
}

// A browser may keep half a part of a download that was broken off and hand it out as whole: asked again.
function wholeParts({ DefaultConfig: { loader: Loader } }) {
  return class extends Loader {
    load(part, config, callbacks) {
      const onSuccess = (response, stats, ...rest) => {
        const isShort = part.rangeEnd && response.data.byteLength !== part.rangeEnd - part.rangeStart;
        if (isShort) callbacks.onError({ code: 0, text: "short" }, part, rest.at(-1), stats);
        else callbacks.onSuccess(response, stats, ...rest);
      };
      super.load(part, config, { ...callbacks, onSuccess });
    }
  };
}

function goTo(video, at) {
  if (video.readyState > 0) video.currentTime = at;
  // Nothing is loaded yet: what will be begins there.
  else video.dataset.from = at;
}

function begin(video) {
  if (video.dataset.from) video.currentTime = Number(video.dataset.from);
  delete video.dataset.from;
}

function isRefusal(status) {
  return status >= 400 && status < 500;
}

function empty(video) {
  for (const source of video.querySelectorAll("source")) source.remove();
  video.removeAttribute("src");
  video.load();
}

function play(video) {
  // The browser may want another press; then its own button is there.
  video.play().catch(() => {});
}

for (const video of document.querySelectorAll("video, audio")) {
  // Only now: on a weak signal the words of the lesson come before the picture of its video.
  if (video.dataset.poster) video.poster = video.dataset.poster;
  // Whoever pressed play before this was here is somewhere already.
  if (video.readyState > 0) begin(video);
  video.addEventListener("loadedmetadata", () => begin(video));
}
for (const video of document.querySelectorAll("video[data-stream]")) new Stream(video);
