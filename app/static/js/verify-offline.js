// Checks the QR code of a paper in the browser, with the network or without (app/certificates/statement.py writes what is
// read here; app/certificates/offline.py the list of certificates that hold no more).

const root = document.querySelector("[data-verify]");
const KEYS = JSON.parse(root.dataset.keys);
const EPOCH = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SIGNATURE = 64;
const utf8 = new TextEncoder();
const { verifyAsync } = await import(root.dataset.ed25519);

/** What a signed text says; throws the name of a reason: unreadable, stranger, altered. */
async function read(text) {
  const whole = base32(text);
  if (!whole || whole.length <= 9 + SIGNATURE || whole[0] !== 1) throw "unreadable";
  const key = KEYS[hex(whole.subarray(1, 5))];
  if (!key) throw "stranger";
  const signed = whole.subarray(0, -SIGNATURE);
  if (!(await fits("hocso certificate statement\0", signed, whole.subarray(-SIGNATURE), key))) throw "altered";
  const [code, number, holder, course] = texts(signed.subarray(9));
  return { code, number, holder, course, completed: day(signed, 5), issued: day(signed, 7) };
}

/** The newest signed list there is, or null. */
async function ended() {
  try {
    const { says, key, signature } = await (await fetch("/verify/offline/list.json")).json();
    const sound = KEYS[key] && (await fits("hocso ended certificates\0", utf8.encode(says), base64(signature), KEYS[key]));
    return sound ? JSON.parse(says) : null;
  } catch {
    return null;
  }
}

async function fits(domain, message, signature, key) {
  const said = new Uint8Array([...utf8.encode(domain), ...message]);
  return verifyAsync(signature, said, base64(key)).catch(() => false);
}

async function mark(code) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(code)))).slice(0, 20);
}

function base32(text) {
  const bytes = [];
  let bits = 0;
  let value = 0;
  for (const letter of text) {
    const index = LETTERS.indexOf(letter);
    if (index < 0) return null;
    value = ((value << 5) | index) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  // Bits to spare are nought: only one way to write a statement counts.
  return bits < 5 && (value & ((1 << bits) - 1)) === 0 ? new Uint8Array(bytes) : null;
}

function texts(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]) {
    found.push(new TextDecoder().decode(bytes.subarray(at + 1, at + 1 + bytes[at])));
  }
  return found;
}

const base64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const day = (bytes, at) => shown(new Date(EPOCH + ((bytes[at] << 8) | bytes[at + 1]) * DAY_MS), { timeZone: "UTC" });
const shown = (date, more) =>
  date.toLocaleString("vi-VN", { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "Asia/Ho_Chi_Minh", ...more });

/** Show one of the page's verdicts, its <template id="verdict-…">, with the values put in as text. */
function say(verdict, values = {}) {
  const part = document.getElementById(`verdict-${verdict}`).content.cloneNode(true);
  for (const place of part.querySelectorAll("[data-value]")) place.textContent = values[place.dataset.value];
  const answer = root.querySelector("[data-answer]");
  answer.replaceChildren(part);
  answer.focus();
}

async function check(entered) {
  const text = /\/verify\/q\/([^/?#\s]+)/.exec(entered)?.[1] ?? entered.replace(/\s/g, "");
  let said;
  try {
    said = await read(text);
  } catch (reason) {
    return say(typeof reason === "string" ? reason : "unreadable");
  }
  const list = await ended();
  if (!list) return say("unlisted", said);
  const made = shown(new Date(list.made_at), { hour: "2-digit", minute: "2-digit" });
  const id = await mark(said.code);
  const verdict = list.revoked.includes(id) ? "revoked" : list.replaced.includes(id) ? "replaced" : "valid";
  say(verdict, { ...said, made });
}

root.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  check(new FormData(event.target).get("code"));
});
if (location.pathname.startsWith("/verify/q/")) check(location.pathname);
if ("serviceWorker" in navigator) {
  const kept = await navigator.serviceWorker.register("/verify/worker.js", { scope: "/verify/" });
  // A release may have brought new files or keys since.
  kept.active?.postMessage("keep");
  await navigator.serviceWorker.ready;
  root.querySelector("[data-ready]").hidden = false;
}
