// What is typed in the lesson form is kept on the server a few seconds after the last change and when the page is hidden.
// Without a network it waits in this browser, under the account's own key, and goes the next time the form is open; what
// is typed there meanwhile is kept after it went and somebody chose what to go on with.
const WAIT_MS = 4000;
// Who else is writing was true when it was said; after that nobody knows (presence.py).
const OTHERS_MS = 5 * 60_000;
let timer = 0;
let othersTimer = 0;
let sent = "";
let isLeaving = false;
let isSending = false;
// What an earlier page could not send.
let waiting = "";

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

function store(form, body) {
  try {
    if (body) localStorage.setItem(place(form), body);
    else localStorage.removeItem(place(form));
  } catch {
    // A full or forbidden store: what is typed lives as long as the page.
  }
}

function stored(form) {
  try {
    return localStorage.getItem(place(form)) ?? "";
  } catch {
    return "";
  }
}

async function send(form, body) {
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  // What lives on after the page is limited to 64 kB by browsers; a larger one goes while the page is open.
  const answer = await fetch(form.dataset.draft, { method: "POST", headers, body, keepalive: body.length < 60000 });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

// The page as it is now offers what was sent; this one shows the offer, and goes on as it stands.
async function catchUp(form) {
  await send(form, waiting);
  if (!isOffered()) {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
    const offer = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-draft-offer]");
    if (offer) form.before(offer);
  }
  waiting = "";
  store(form, "");
}

async function keepNow(form) {
  const body = typed(form);
  if (body === sent) return;
  try {
    const { kept, others } = await send(form, body);
    sent = body;
    store(form, "");
    say(form, kept);
    tellOthers(others);
  } catch {
    // Sent whole meanwhile: what is older than that must not come back.
    if (isLeaving) return;
    store(form, body);
    say(form, form.dataset.draftWaits);
  }
}

async function keep() {
  clearTimeout(timer);
  const form = formOf();
  if (!form || isLeaving) return;
  // One after the other, so that the last stays; a page that goes away has no time for that.
  if (isSending && !document.hidden) {
    timer = setTimeout(keep, WAIT_MS);
    return;
  }
  isSending = true;
  if (waiting) await catchUp(form).catch(() => {});
  else if (!isOffered()) await keepNow(form);
  isSending = false;
}

function begin() {
  const form = formOf();
  if (!form) return;
  sent = typed(form);
  tellOthers(document.querySelector("[data-others]")?.textContent.trim() ?? "");
  waiting = stored(form);
  if (waiting === sent) {
    waiting = "";
    store(form, "");
  }
  if (waiting) keep();
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
begin();
