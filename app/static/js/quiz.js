// Answers are saved as they are given: a choice at once, a text when typing pauses. Each carries the instant it was given
// at as its number, so that a late packet never overwrites a newer answer, and how long it waited; what could not be sent
// waits in this browser and is sent when the network or the session is back. A paper with a deadline hands itself in.
const paper = document.querySelector("[data-paper]");
const place = `hs-answers:${paper.dataset.paper}`;
const TYPING_PAUSE_MS = 1500;
// Question -> the instant of its newest answer (ms), which numbers the save that carries it.
const unsent = new Map();
const pauses = new Map();
let last = 0;

const isTick = (field) => field.type === "radio" || field.type === "checkbox";
const block = (question) => paper.querySelector(`[data-question="${CSS.escape(question)}"]`);
const fields = (question) => [...block(question).elements].filter((field) => field.name);

function given(question) {
  return fields(question)
    .filter((field) => (isTick(field) ? field.checked : field.value))
    .map((field) => [field.name, field.value]);
}

function restore(question, pairs) {
  for (const field of fields(question)) {
    const values = pairs.filter(([name]) => name === field.name).map(([, value]) => value);
    if (isTick(field)) field.checked = values.includes(field.value);
    else field.value = values[0] ?? "";
  }
}

function isChanged(field) {
  if (isTick(field)) return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  return !(field.selectedOptions[0]?.defaultSelected || (!field.value && !field.querySelector("[selected]")));
}

function keep() {
  const waiting = [...unsent].map(([question, at]) => [question, given(question), at]);
  if (waiting.length) localStorage.setItem(place, JSON.stringify(waiting));
  else localStorage.removeItem(place);
}

// Given just now: rising, also within one millisecond.
function note(question, at = Math.max(last + 1, Date.now())) {
  last = Math.max(last, at);
  unsent.set(question, at);
  keep();
}

function send(question) {
  block(question).dispatchEvent(new Event("change", { bubbles: true }));
}

function sendAgain() {
  for (const question of unsent.keys()) send(question);
}

function questionOf(event) {
  return event.detail.ctx.sourceElement?.closest?.("[data-question]")?.dataset.question;
}

paper.addEventListener("input", (event) => {
  const question = event.target.closest("[data-question]")?.dataset.question;
  if (!question || isTick(event.target) || event.target.tagName === "SELECT") return;
  note(question);
  clearTimeout(pauses.get(question));
  pauses.set(question, setTimeout(() => send(question), TYPING_PAUSE_MS));
});

// Items to put in order need a place each; nothing is taken from anybody, for a list box walked with keys passes them all.
function sayTwice(rows) {
  const places = [...rows.querySelectorAll("select")].map((select) => select.value).filter(Boolean);
  const twice = places.find((place, at) => places.indexOf(place) !== at);
  const said = rows.querySelector("[data-twice]");
  said.hidden = !twice;
  said.textContent = twice ? said.dataset.twice.replace("{place}", twice) : "";
}

// Before htmx hears of it; what we send again ourselves was noted when it was given.
paper.addEventListener("change", ({ target }) => {
  const question = target.closest("[data-question]")?.dataset.question;
  if (question && (isTick(target) || target.tagName === "SELECT")) note(question);
}, true);

paper.addEventListener("change", ({ target }) => {
  clearTimeout(pauses.get(target.closest("[data-question]")?.dataset.question));
  const rows = target.closest("[data-exclusive]");
  if (rows) sayTwice(rows);
});

document.addEventListener("htmx:config:request", (event) => {
  const question = questionOf(event);
  if (!question) return;
  const { body } = event.detail.ctx.request;
  // The whole form comes along; the other questions have been sent.
  const others = new Set([...paper.elements].map((field) => field.name));
  for (const field of fields(question)) others.delete(field.name);
  for (const name of others) if (name && name !== "csrf_token") body.delete(name);
  if (!unsent.has(question)) note(question);
  const at = unsent.get(question);
  body.set("seq", at);
  body.set("waited", Math.max(0, Date.now() - at));
});

document.addEventListener("htmx:after:request", (event) => {
  const question = questionOf(event);
  const { response, request } = event.detail.ctx;
  if (!question || !response?.status || response.status >= 500) return;
  // Signed out (app.js goes to sign in) or signed in anew elsewhere: the page comes back and sends the answer again.
  if (response.status === 403) location.reload();
  if (response.status === 401 || response.status === 403) return;
  // What was typed meanwhile is still to be sent.
  if (String(unsent.get(question)) === request.body?.get?.("seq")) unsent.delete(question);
  keep();
  if (isOver && !unsent.size) handIn();
});

document.addEventListener("htmx:error", (event) => {
  if (questionOf(event)) document.querySelector("#saved .row").textContent = paper.dataset.unsaved;
});

addEventListener("online", sendAgain);

// What an ended session or a closed window left behind.
for (const [question, pairs, at] of JSON.parse(localStorage.getItem(place) ?? "[]")) {
  restore(question, pairs);
  note(question, at);
}
// Also what was answered before htmx listened, on a slow line or kept over a reload. It begins in a timeout of its own,
// asked for before the page is loaded: ours comes after it.
addEventListener("load", () => {
  setTimeout(() => {
    for (const field of paper.elements) {
      const question = field.name && field.closest("[data-question]")?.dataset.question;
      if (question && isChanged(field) && !unsent.has(question)) note(question);
    }
    sendAgain();
  });
});

// The server's clock decides; this one only says it, every minute and at the end every second, and aloud only twice.
const timer = document.querySelector("[data-left]");
const WARN_AT_S = [300, 60];
const TRY_AGAIN_MS = 5000;
let isOver = false;
let isHandingIn = false;

function sayTime(sentence) {
  document.querySelector("[data-timer-said]").textContent = sentence;
}

function seal() {
  for (const one of paper.querySelectorAll("[data-question], [data-files]")) one.inert = true;
}

// As the button does it: with the files that are chosen, on a paper that takes any.
function whole() {
  const form = new FormData(paper);
  const body = paper.querySelector("[type=file]") ? form : new URLSearchParams(form);
  return { method: "POST", body, headers: { "x-csrf-token": form.get("csrf_token") } };
}

// First what waits, each with how long it did; then the paper itself, which the server takes for a minute more.
async function handIn() {
  if (isHandingIn) return;
  if (unsent.size && !navigator.onLine) return sayTime(timer.dataset.offline);
  if (unsent.size) return sendAgain();
  isHandingIn = true;
  try {
    const answer = await fetch(paper.action, whole());
    if (answer.status < 500) return location.reload();
  } catch {
    timer.querySelector("small").textContent = timer.dataset.offline;
    sayTime(timer.dataset.offline);
  } finally {
    isHandingIn = false;
  }
}

function countDown(end) {
  const left = Math.ceil((end - Date.now()) / 1000);
  const shown = timer.querySelector("[role=timer]");
  shown.hidden = false;
  shown.textContent =
    left > WARN_AT_S[0]
      ? timer.dataset.minutes.replace("{count}", Math.ceil(left / 60))
      : timer.dataset.seconds.replace(
          "{time}",
          `${Math.floor(Math.max(0, left) / 60)}:${String(Math.max(0, left) % 60).padStart(2, "0")}`,
        );
  if (WARN_AT_S.includes(left)) sayTime(timer.dataset.warning.replace("{count}", left / 60));
  timer.classList.toggle("soon", left <= WARN_AT_S[1]);
  if (left > 0) return true;
  isOver = true;
  seal();
  timer.querySelector("small").textContent = timer.dataset.over;
  sayTime(timer.dataset.over);
  handIn();
  setInterval(handIn, TRY_AGAIN_MS);
  addEventListener("online", handIn);
  return false;
}

if (timer) {
  const end = Date.now() + Number(timer.dataset.left) * 1000;
  const ticking = setInterval(() => countDown(end) || clearInterval(ticking), 1000);
  countDown(end) || clearInterval(ticking);
}
if ("over" in paper.dataset) seal();
