// What is typed in the lesson form is kept on the server a few seconds after the last change and when the page is hidden.
// Without a network it waits in this browser, under the account's own key, and goes the next time the form is open.
const WAIT_MS = 4000;
// Who else is writing was true when it was said; after that nobody knows (presence.py).
const OTHERS_MS = 5 * 60_000;
let timer = 0;
let othersTimer = 0;
let sent = "";
let isLeaving = false;

const formOf = () => document.querySelector("form[data-draft]");
const place = (form) => `draft:${form.dataset.draftOwner}:${location.pathname}`;
// An offer of what was kept before is to be answered first: keeping would write over it.
const isOffered = () => document.querySelector("[data-draft-offer]") !== null;

function typed(form) {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
  return data.toString();
}

function say(form, text) {
  const line = form.querySelector("[data-draft-said]");
  line.hidden = false;
  line.textContent = text;
}

function tellOthers(text) {
  clearTimeout(othersTimer);
  if (text) othersTimer = setTimeout(tellOthers, OTHERS_MS, "");
  for (const line of document.querySelectorAll("[data-others]")) {
    line.hidden = !text;
    if (line.textContent.trim() !== text) line.textContent = text;
  }
}

function wait(form, body) {
  try {
    if (body) localStorage.setItem(place(form), body);
    else localStorage.removeItem(place(form));
  } catch {
    // A full or forbidden store: what is typed lives as long as the page.
  }
}

async function send(form, body) {
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  // What lives on after the page is limited to 64 kB by browsers; a larger one goes while the page is open.
  const answer = await fetch(form.dataset.draft, { method: "POST", headers, body, keepalive: body.length < 60000 });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function keep() {
  clearTimeout(timer);
  const form = formOf();
  if (!form || isLeaving || isOffered()) return;
  const body = typed(form);
  if (body === sent) return;
  try {
    const { kept, others } = await send(form, body);
    sent = body;
    wait(form, "");
    say(form, kept);
    tellOthers(others);
  } catch {
    wait(form, body);
    say(form, form.dataset.draftWaits);
  }
}

async function begin() {
  const form = formOf();
  if (!form) return;
  sent = typed(form);
  tellOthers(document.querySelector("[data-others]")?.textContent.trim() ?? "");
  let waiting = null;
  try {
    waiting = localStorage.getItem(place(form));
  } catch {
    return;
  }
  if (!waiting) return;
  await send(form, waiting);
  wait(form, "");
  // The page offers it now, unless somebody types already.
  if (typed(form) === sent) location.reload();
}

document.addEventListener("input", (event) => {
  if (!event.target.closest?.("form[data-draft]")) return;
  clearTimeout(timer);
  timer = setTimeout(keep, WAIT_MS);
});
document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-draft]") && !event.defaultPrevented) isLeaving = true;
});
// Back from the browser's own memory, after a form that was sent: it is open again, and typed in.
addEventListener("pageshow", () => { isLeaving = false; });
addEventListener("online", keep);
begin().catch(() => {});
