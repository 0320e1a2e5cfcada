// Answers are saved as they are given: a choice at once, a text when typing pauses. Each carries a rising number, so that
// a late packet never overwrites a newer answer; what could not be sent waits in this browser and is sent when the network
// or the session is back.
const paper = document.querySelector("[data-paper]");
const place = `hs-answers:${paper.dataset.paper}`;
const TYPING_PAUSE_MS = 1500;
// Question -> number of the save that carries its newest answer, null before that is sent.
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
  if (unsent.size) localStorage.setItem(place, JSON.stringify([...unsent.keys()].map((name) => [name, given(name)])));
  else localStorage.removeItem(place);
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
  unsent.set(question, null);
  keep();
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
  last = Math.max(last + 1, Date.now());
  body.set("seq", last);
  unsent.set(question, last);
  keep();
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
});

document.addEventListener("htmx:error", (event) => {
  if (questionOf(event)) document.querySelector("#saved .row").textContent = paper.dataset.unsaved;
});

addEventListener("online", sendAgain);

// What an ended session or a closed window left behind.
for (const [question, pairs] of JSON.parse(localStorage.getItem(place) ?? "[]")) {
  restore(question, pairs);
  unsent.set(question, null);
}
// Also what was answered before htmx listened, on a slow line or kept over a reload. It begins in a timeout of its own,
// asked for before the page is loaded: ours comes after it.
addEventListener("load", () => {
  setTimeout(() => {
    for (const field of paper.elements) {
      const question = field.name && field.closest("[data-question]")?.dataset.question;
      if (question && isChanged(field)) unsent.set(question, null);
    }
    sendAgain();
  });
});
