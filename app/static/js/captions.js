// Captions written beside their video: play from a cue, take its times from the video, see the cues on the picture. The
// buttons that add, split, merge or move cues are the form's own (htmx sends it). What is not saved stays in this browser.

const desk = document.querySelector("[data-captions]");
const video = desk.querySelector("video");
const name = "hs-captions:" + location.pathname;
const place = name + ":place";
const track = video?.addTextTrack("captions", "", desk.dataset.language);
let left = false;

const form = () => desk.querySelector("#cues");
const rows = () => [...form().querySelectorAll("[data-cue]")];
const valueOf = (row, field) => row.querySelector(`[name=${field}]`).value;

function typed() {
  return rows().map((row) => ["start", "end", "text"].map((field) => valueOf(row, field)));
}

// As app/authoring/caption_form.py reads and writes times.
function seconds(text) {
  const found = text.trim().match(/^(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d{1,3})?)$/);
  return found ? Number(found[1] ?? 0) * 3600 + Number(found[2] ?? 0) * 60 + Number(found[3].replace(",", ".")) : NaN;
}

function timeText(at) {
  const whole = Math.floor(Math.round(at * 1000) / 1000);
  const rest = (Math.round(at * 1000) / 1000 - 60 * Math.floor(whole / 60)).toFixed(3).padStart(6, "0");
  const minutes = Math.floor(whole / 60);
  return minutes >= 60 ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

// --- on the picture ----------------------------------------------------------------------------------------------

function drawCues() {
  if (!track) return;
  track.mode = "showing";
  for (const cue of [...(track.cues ?? [])]) track.removeCue(cue);
  for (const row of rows()) {
    const [start, end] = [seconds(valueOf(row, "start")), seconds(valueOf(row, "end"))];
    if (!(end > start)) continue;
    const cue = new VTTCue(start, end, valueOf(row, "text"));
    cue.row = row;
    track.addCue(cue);
  }
}

track?.addEventListener("cuechange", () => {
  const now = new Set([...track.activeCues].map((cue) => cue.row));
  for (const row of rows()) row.toggleAttribute("data-now", now.has(row));
});

// --- what is not saved -------------------------------------------------------------------------------------------

function base() {
  return form().elements.base_version.value;
}

function changed() {
  form().dataset.kept = "no";
  drawCues();
  try {
    localStorage.setItem(name, JSON.stringify({ base: base(), rows: typed() }));
  } catch {
    // A full or forbidden store: what is typed lives as long as the page.
  }
}

function offerDraft() {
  const offer = desk.querySelector("[data-draft]");
  const draft = JSON.parse(localStorage.getItem(name) ?? "null");
  if (!draft || form().dataset.kept === "no") return;
  // Saved meanwhile, or another version: what differs is offered, never put in by itself.
  if (JSON.stringify(draft.rows) === JSON.stringify(typed())) return localStorage.removeItem(name);
  offer.hidden = false;
  offer.querySelector("[data-forget]").addEventListener("click", () => {
    localStorage.removeItem(name);
    offer.hidden = true;
  });
  offer.querySelector("[data-restore]").addEventListener("click", () => {
    offer.hidden = true;
    for (const row of rows()) row.remove();
    for (const row of draft.rows) ["start", "end", "text"].forEach((field, at) => form().append(hidden(field, row[at])));
    form().elements.base_version.value = draft.base;
    press("keep");
  });
}

function hidden(field, value) {
  return Object.assign(document.createElement("input"), { type: "hidden", name: field, value });
}

// The server draws the rows; `what` is none of its changes.
function press(what) {
  const button = Object.assign(document.createElement("button"), { name: "do", value: what, hidden: true });
  form().append(button);
  form().requestSubmit(button);
}

// --- the page ----------------------------------------------------------------------------------------------------

function wake() {
  for (const live of desk.querySelectorAll("[data-live]")) live.hidden = !video;
  if (form().dataset.kept === "no") changed();
  else drawCues();
}

desk.addEventListener("input", (event) => event.target.closest("[data-cue]") && changed());
desk.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const row = button?.closest("[data-cue]");
  if (!row) return;
  if (button.matches("[data-play]")) {
    video.currentTime = seconds(valueOf(row, "start")) || 0;
    video.play().catch(() => {});
  } else if (button.dataset.take) {
    row.querySelector(`[name=${button.dataset.take}]`).value = timeText(video.currentTime);
    changed();
  } else if (button.value.startsWith("split:")) {
    form().elements.cursor.value = row.querySelector("textarea").selectionStart;
  }
});
desk.addEventListener("submit", () => (left = true));
document.addEventListener("keydown", (event) => {
  if (!video || !event.altKey || event.code !== "KeyP") return;
  event.preventDefault();
  if (video.paused) video.play().catch(() => {});
  else video.pause();
});
document.addEventListener("htmx:after:swap", () => {
  left = false;
  wake();
});
document.addEventListener("htmx:error", () => (left = false));
addEventListener("beforeunload", (event) => form().dataset.kept === "no" && !left && event.preventDefault());

// Saving draws the page anew: the video stays where it was.
addEventListener("pagehide", () => video && sessionStorage.setItem(place, video.currentTime));
video?.addEventListener("loadedmetadata", () => (video.currentTime = Number(sessionStorage.getItem(place) ?? 0)), { once: true });
wake();
offerDraft();
