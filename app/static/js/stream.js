// Plays a video by its ladder of sizes (HLS) from the first press on play: the lightest size at once, a sharper one as
// the signal allows. The player (hls.js) is fetched only then. Whatever goes wrong, the plain MP4 of the page plays.

const AGAIN_MS = 5000;
const PLAYLIST = "application/vnd.apple.mpegurl";

for (const video of document.querySelectorAll("video[data-stream]")) {
  video.addEventListener("play", () => climb(video), { once: true });
}

async function climb(video) {
  const plain = video.querySelector("source").src;
  // Safari plays lists by itself; Chromium says "maybe" and should not be believed.
  if ("ManagedMediaSource" in window || (!("MediaSource" in window) && video.canPlayType(PLAYLIST))) {
    return change(video, video.dataset.stream, plain);
  }
  // What the press began to fetch is the plain file; nobody needs it any more.
  empty(video);
  try {
    const { default: Hls } = await import(video.dataset.hls);
    attach(video, Hls, plain);
  } catch {
    change(video, plain);
  }
}

function attach(video, Hls, plain) {
  if (!Hls.isSupported()) return change(video, plain);
  const hls = new Hls({ enableWorker: false, startLevel: 0, capLevelToPlayerSize: true, backBufferLength: 30 });
  if (navigator.connection?.saveData) hls.autoLevelCapping = 0;
  let begun = false;
  let recovered = false;
  hls.on(Hls.Events.MANIFEST_PARSED, () => (begun = true));
  hls.on(Hls.Events.ERROR, (_name, problem) => {
    if (!problem.fatal) return;
    if (problem.type === Hls.ErrorTypes.NETWORK_ERROR && begun && !navigator.onLine) {
      // Not on "online": that never comes in a network without a way out of the building.
      setTimeout(() => hls.startLoad(), AGAIN_MS);
    } else if (problem.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
      recovered = true;
      hls.recoverMediaError();
    } else {
      hls.destroy();
      change(video, plain);
    }
  });
  hls.loadSource(video.dataset.stream);
  hls.attachMedia(video);
  play(video);
}

// Another file in the same player, at the same second; `otherwise` if that one cannot be played.
function change(video, url, otherwise) {
  const position = video.currentTime;
  if (otherwise) video.addEventListener("error", () => change(video, otherwise), { once: true });
  video.src = url;
  if (position) video.addEventListener("loadedmetadata", () => (video.currentTime = position), { once: true });
  play(video);
}

function empty(video) {
  for (const source of video.querySelectorAll("source")) source.remove();
  video.load();
}

function play(video) {
  // The browser may want another press; then its own button is there.
  video.play().catch(() => {});
}
