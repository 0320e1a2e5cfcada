// What leaves the paper of an exam is noticed, told to the candidate at once and sent to the room; nothing follows from
// it by itself. Each event carries the page's random name, a number and how long ago it was, so that it may be sent
// twice, late or out of order; what could not be sent is tried again.
const box = document.querySelector("[data-watch]");
const said = box.querySelector("[data-noticed]");
const button = box.querySelector("[data-full-screen]");
const client = crypto.randomUUID();
const TRY_AGAIN_MS = 5000;
const waiting = [];
let seq = 0;
let isSending = false;
let isAway = false;

async function send() {
  if (isSending || !waiting.length) return;
  isSending = true;
  const [event] = waiting;
  const body = new URLSearchParams({
    kind: event.kind,
    client,
    seq: event.seq,
    ago: Math.max(0, Date.now() - event.at),
    csrf_token: document.querySelector("meta[name=csrf-token]").content,
  });
  try {
    const answer = await fetch(box.dataset.watch, { method: "POST", body, keepalive: true });
    if (answer.status < 500) waiting.shift();
    if (answer.ok) said.textContent = await answer.text();
    isSending = false;
    if (answer.status < 500) send();
    else setTimeout(send, TRY_AGAIN_MS);
  } catch {
    isSending = false;
    setTimeout(send, TRY_AGAIN_MS);
  }
}

function notice(kind) {
  waiting.push({ kind, seq: seq++, at: Date.now() });
  send();
}

// A hidden page has also lost its focus: leaving is told once, and so is coming back.
function leave(kind) {
  if (isAway) return;
  isAway = true;
  notice(kind);
}

function comeBack() {
  if (!isAway || document.visibilityState === "hidden" || !document.hasFocus()) return;
  isAway = false;
  notice("back");
}

document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? leave("hidden") : comeBack()));
// Not for a moment's turn of the page itself, such as its own list box.
addEventListener("blur", () => setTimeout(() => document.hasFocus() || leave("blurred"), 0));
addEventListener("focus", comeBack);
addEventListener("online", send);

if (document.fullscreenEnabled) {
  button.hidden = false;
  button.addEventListener("click", () => document.documentElement.requestFullscreen().catch(() => (button.hidden = true)));
  document.addEventListener("fullscreenchange", () => {
    button.hidden = Boolean(document.fullscreenElement);
    if (!document.fullscreenElement) notice("left_full_screen");
  });
}
notice("watching");
