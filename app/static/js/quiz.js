// Answers are saved as they are chosen. Each carries a rising number, so that a late packet never overwrites a newer
// choice; what could not be sent waits in this browser and is sent when the network or the session is back.
const paper = document.querySelector("[data-paper]");
const place = `hs-answers:${paper.dataset.paper}`;
const unsent = new Set(JSON.parse(localStorage.getItem(place) ?? "[]").map(([name]) => name));
let last = 0;

function chosen(name) {
  return [...paper.elements].filter((input) => input.name === name && input.checked).map((input) => input.value);
}

function keep() {
  if (unsent.size) localStorage.setItem(place, JSON.stringify([...unsent].map((name) => [name, chosen(name)])));
  else localStorage.removeItem(place);
}

function sendAgain() {
  for (const name of unsent) paper.elements[name]?.[0]?.dispatchEvent(new Event("change", { bubbles: true }));
}

function questionOf(event) {
  const context = event.detail.ctx;
  return context.sourceElement?.closest("[data-paper]") ? context.request.body?.get?.("question") : null;
}

document.addEventListener("htmx:config:request", (event) => {
  const name = questionOf(event);
  if (!name) return;
  last = Math.max(last + 1, Date.now());
  event.detail.ctx.request.body.set("seq", last);
  unsent.add(name);
  keep();
});

document.addEventListener("htmx:after:request", (event) => {
  const name = questionOf(event);
  const status = event.detail.ctx.response?.status;
  if (!name || !status || status >= 500) return;
  // Signed out (app.js goes to sign in) or signed in anew elsewhere: the page comes back and sends the answer again.
  if (status === 403) location.reload();
  if (status === 401 || status === 403) return;
  unsent.delete(name);
  keep();
});

document.addEventListener("htmx:error", (event) => {
  if (questionOf(event)) document.querySelector("#saved .row").textContent = paper.dataset.unsaved;
});

addEventListener("online", sendAgain);

// What an ended session or a closed window left behind.
for (const [name, values] of JSON.parse(localStorage.getItem(place) ?? "[]")) {
  for (const input of paper.elements) if (input.name === name) input.checked = values.includes(input.value);
}
// Once htmx listens to the questions: also what was chosen before it did, on a slow line or kept over a reload.
addEventListener("load", () => {
  for (const input of paper.elements) if ("checked" in input && input.checked !== input.defaultChecked) unsent.add(input.name);
  sendAgain();
});
