// Watching and reading: a video goes on where one stopped; what was really played, which pages of a document were in
// front, and how long the lesson was really seen, is saved so that nothing is lost (outbox.js).

const EVERY_MS = 15000;
// Whoever has touched nothing for so long has gone to make tea.
const IDLE_MS = 180000;
const READING = "@read";
// As app/learning/spans.py has it; a hair more, so that the server's clock never finds it too short.
const PAGE_MS = 3100;
const LOOK_MS = 250;
const lesson = document.querySelector("[data-player]");
const said = document.getElementById("saved");
const TOUCHES = ["pointerdown", "pointermove", "keydown", "scroll", "touchmove"];
// A third of what a weak signal had to bring before the words was htmx: it comes after them, and forms do without meanwhile.
const htmxIsHere = lesson && new Promise((resolve) => {
  const script = document.createElement("script");
  script.src = lesson.dataset.htmx;
  // It looks through the page in a timeout of its own.
  script.addEventListener("load", () => setTimeout(resolve));
  document.head.append(script);
});

function randomName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// --- what was really played --------------------------------------------------------------------------------------

class Watcher {
  constructor(video, position) {
    this.video = video;
    this.block = video.dataset.block;
    this.spans = [];
    this.start = null;
    this.resume(position);
    video.addEventListener("playing", () => this.begin());
    video.addEventListener("seeked", () => video.paused || this.begin());
    video.addEventListener("timeupdate", () => this.reach());
    // The place jumped to is current already: the span ends where playback was last heard of.
    video.addEventListener("seeking", () => this.end());
    for (const name of ["pause", "ended", "waiting"]) video.addEventListener(name, () => (this.reach(), this.end()));
    for (const name of ["pause", "ended"]) video.addEventListener(name, () => save(this));
  }

  resume(position) {
    if (position < 5 || position > Number(this.video.dataset.duration) - 5) return;
    // stream.js begins there, unless somebody chooses a line of the transcript first.
    this.video.dataset.from = position;
    this.video.addEventListener("seeked", () => {
      if (Math.abs(this.video.currentTime - position) < 1) say(words.resumed.replace("{time}", clockTime(position)));
    }, { once: true });
  }

  begin() {
    if (this.start === null) this.start = this.last = this.video.currentTime;
  }

  reach() {
    if (this.start !== null && !this.video.seeking && this.video.currentTime > this.last) this.last = this.video.currentTime;
  }

  end() {
    if (this.start !== null && this.last > this.start) this.spans.push([hundredths(this.start), hundredths(this.last)]);
    this.start = null;
  }

  get position() {
    return hundredths(this.video.currentTime);
  }

  take() {
    const playing = this.start !== null;
    this.reach();
    this.end();
    if (playing) this.begin();
    return this.spans.splice(0);
  }
}

// --- which pages of a document were in front ---------------------------------------------------------------------

// A page counts once it crossed the middle of the screen for a while with somebody there; the server checks the time.
class Leafer {
  constructor(figure) {
    this.block = figure.dataset.document;
    this.position = 0;
    this.spans = [];
    this.isTurned = false;
    this.inFront = new Map();
    this.front = new Set();
    this.pages = figure.querySelectorAll("[data-page]");
    const middle = new IntersectionObserver((entries) => {
      for (const entry of entries) this.front[entry.isIntersecting ? "add" : "delete"](Number(entry.target.dataset.page));
    }, { rootMargin: "-40% 0px" });
    for (const page of this.pages) middle.observe(page);
    figure.addEventListener("turned", () => (this.isTurned = true));
    this.looked = performance.now();
    setInterval(() => this.look(), LOOK_MS);
  }

  look() {
    const now = performance.now();
    // A page that slept was not looked at.
    const passed = Math.min(now - this.looked, 2 * LOOK_MS);
    this.looked = now;
    const page = Math.min(...this.front);
    if (document.hidden || now - lastTouched > IDLE_MS || !Number.isFinite(page)) return;
    const before = this.inFront.get(page) ?? 0;
    this.inFront.set(page, before + passed);
    if (before >= PAGE_MS || before + passed < PAGE_MS) return;
    this.spans.push([page - 1, page]);
    this.position = page;
    if (this.isWhole) saveAll();
  }

  get isWhole() {
    return [...this.pages].every((page) => (this.inFront.get(Number(page.dataset.page)) ?? 0) >= PAGE_MS);
  }

  // Refused: these are to be looked at again.
  forget(spans) {
    for (const [before] of spans) this.inFront.delete(before + 1);
  }

  take() {
    return this.spans.splice(0);
  }
}

// --- how long the text was really seen ---------------------------------------------------------------------------

// Seconds since this page was opened, while it is in front and somebody is there.
class Reader {
  constructor() {
    this.block = READING;
    this.position = 0;
    this.spans = [];
    this.start = null;
    this.touched = performance.now();
    for (const name of TOUCHES) addEventListener(name, () => this.touch(), { passive: true });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.end() : this.touch()));
    this.begin();
  }

  touch() {
    if (performance.now() - this.touched > IDLE_MS) this.end();
    this.touched = performance.now();
    this.begin();
  }

  begin() {
    if (this.start === null && !document.hidden) this.start = performance.now();
  }

  end() {
    const end = Math.min(performance.now(), this.touched + IDLE_MS);
    if (this.start !== null && end > this.start) this.spans.push([sinceOpened(this.start), sinceOpened(end)]);
    this.start = null;
  }

  take() {
    const reading = this.start !== null && performance.now() - this.touched <= IDLE_MS;
    this.end();
    if (reading) this.begin();
    return this.spans.splice(0);
  }
}

const opened = performance.now();
function sinceOpened(instant) {
  return hundredths((instant - opened) / 1000);
}

function hundredths(seconds) {
  return Math.round(seconds * 100) / 100;
}

// --- saving, and saying so ---------------------------------------------------------------------------------------

const words = lesson ? JSON.parse(lesson.dataset.words) : {};
const stamp = lesson?.dataset.stamp ?? "";
const enrolment = `hs-progress:${stamp.split(":")[0]}:`;
const client = randomName();
const outbox = new Outbox(enrolment + client, tell);
let lastTouched = performance.now();
let patience = EVERY_MS;
let retry = 0;

function save(source) {
  const spans = source.take();
  if (!spans.length) return;
  outbox.add({ stamp, block: source.block, client, spans, position: source.position });
  return flush();
}

async function flush() {
  try {
    await outbox.sendLeft(enrolment);
    await outbox.flush();
    patience = EVERY_MS;
  } catch (error) {
    if (error instanceof SignedOut) return askToSignIn();
    say(words.later);
    clearTimeout(retry);
    retry = setTimeout(flush, patience);
    patience = Math.min(2 * patience, 8 * EVERY_MS);
  }
}

function tell(isTaken, save, answer) {
  if (isTaken) show(save, answer);
  else say(answer.detail);
}

function show(body, answer) {
  const line = body.stamp === stamp && document.querySelector(`[data-asks="${CSS.escape(body.block)}"]`);
  if (answer.reason) say(answer.reason);
  else if (body.block !== READING) say(words.saved.replace("{time}", new Date().toTimeString().slice(0, 5)));
  isBegun = true;
  const leafer = leafers.find((one) => one.block === body.block);
  if (answer.reason) leafer?.forget(body.spans);
  if (!line) return;
  const enough = answer.earned >= answer.needed;
  if (enough ? !line.closest(".done, .enough") : answer.lesson_finished) return refresh();
  if (!enough) {
    const rest = leafer
      ? words.pages.replace("{seen}", Math.floor(answer.earned)).replace("{count}", Math.floor(answer.whole))
      : words.left.replace("{watched}", spell(answer.earned)).replace("{left}", spell(Math.ceil(answer.needed - answer.earned)));
    line.textContent = line.textContent.split(": ")[0] + ": " + rest;
  }
}

// The server knows best what is still missing; it keeps this page's stamp.
async function refresh() {
  await htmxIsHere;
  document.getElementById("state")?.dispatchEvent(new CustomEvent("refresh"));
}

// "I have read it" is believed from the first time this tab opened the lesson, not from the way back from its quiz.
function keepFirstStamp() {
  const name = "hs-opened:" + stamp.split(":").slice(0, -2).join(":");
  const first = sessionStorage.getItem(name) ?? stamp;
  sessionStorage.setItem(name, first);
  const state = document.getElementById("state");
  state.setAttribute("hx-get", state.getAttribute("hx-get").split("?")[0] + "?stamp=" + encodeURIComponent(first));
  state.querySelector("[name=stamp]")?.setAttribute("value", first);
}

function say(text) {
  if (said && said.textContent !== text) said.textContent = text;
}

function askToSignIn() {
  const link = Object.assign(document.createElement("a"), {
    href: "/sign-in?next=" + encodeURIComponent(location.pathname), textContent: words.sign_in,
  });
  said?.replaceChildren(words.signed_out + " ", link);
}

function spell(seconds) {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.floor(seconds % 60);
  const form = !minutes ? words.seconds : !rest ? words.whole : words.minutes;
  return form.replace("{minutes}", minutes).replace("{seconds}", rest);
}

function clockTime(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

// --- the page ----------------------------------------------------------------------------------------------------

// Only looking at an open course makes nobody a learner: the time read there goes with the first thing done.
let isBegun = lesson?.dataset.begun === "yes";
let leafers = [];
let saveAll = () => {};

function isStillReading() {
  return document.querySelector(`.asks .open:not(.enough) > [data-asks="${READING}"]`) !== null;
}

// "I have read it" goes out once the time read so far is there to be believed.
async function sayRead(event, reader) {
  const form = event.target.closest("form[data-read]");
  if (!form || form.elements.measured.value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  for (const leafer of leafers) await save(leafer);
  if (isStillReading()) await save(reader);
  // What was saved just now may have drawn the form anew: the one that was pressed is gone and would send nothing.
  const current = form.isConnected ? form : document.querySelector("form[data-read]");
  if (!current) return;
  current.elements.measured.value = "yes";
  current.requestSubmit(current.contains(event.submitter) ? event.submitter : null);
}

if (lesson) {
  keepFirstStamp();
  const positions = JSON.parse(lesson.dataset.positions);
  const watchers = [...lesson.querySelectorAll(":is(video, audio)[data-block]")].map((video) => new Watcher(video, positions[video.dataset.block] ?? 0));
  const reader = isStillReading() ? new Reader() : null;
  leafers = [...lesson.querySelectorAll("[data-document]")].map((figure) => new Leafer(figure));
  for (const name of TOUCHES) addEventListener(name, () => (lastTouched = performance.now()), { passive: true });
  saveAll = () => {
    watchers.forEach(save);
    leafers.filter((one) => isBegun || one.isTurned).forEach(save);
    if (reader && isBegun && isStillReading()) save(reader);
  };
  outbox.hold();
  setInterval(() => (saveAll(), outbox.touch()), EVERY_MS);
  addEventListener("online", flush);
  // A page that is left is hidden after that: then everything is under way already.
  let isLeft = false;
  addEventListener("pagehide", () => (saveAll(), outbox.farewell(), (isLeft = true)));
  addEventListener("pageshow", (event) => event.persisted && (outbox.hold(), (isLeft = false)));
  document.addEventListener("visibilitychange", () => document.hidden && !isLeft && saveAll());
  if (reader || leafers.length) document.addEventListener("submit", (event) => sayRead(event, reader), { capture: true });
  flush();
  // Only now: on a weak signal the words of the lesson come before what makes its video comfortable.
  if (lesson.dataset.film) import(lesson.dataset.film);
}
