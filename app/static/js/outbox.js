// What a page has still to send waits in this browser, under the client and number it is sent with: the server recognises
// a repeat. What a closed page left behind the next one sends. An open page may still add to what it keeps, so that nobody
// else touches it: each page holds a lock by the name of its outbox as long as it lives.

const MOST_SPANS = 100;
// Browsers have locks only over https. Without them a page counts as open so long after it last touched its outbox; in the
// background it may be allowed to do so once a minute.
const OPEN_MS = 180000;

class SignedOut extends Error {}

class Outbox {
  // `key` names its place in localStorage. `tell(isTaken, save, answer)` hears what the server says of each.
  constructor(key, tell) {
    this.key = key;
    this.tell = tell;
    this.running = null;
    this.numbers = {};
    this.waiting = [];
    this.letGo = () => {};
  }

  hold() {
    navigator.locks?.request(this.key, () => new Promise((done) => (this.letGo = done)));
  }

  add(save) {
    this.touch();
    const last = this.waiting.at(-1);
    if (last && !last.tried && last.block === save.block && last.spans.length < MOST_SPANS) {
      last.spans.push(...save.spans);
      last.position = save.position;
    } else {
      const seq = (this.numbers[save.block] = (this.numbers[save.block] ?? 0) + 1);
      this.waiting.push({ ...save, seq, tried: false, touched: Date.now() });
    }
    this.keep();
  }

  touch() {
    for (const save of this.waiting) {
      // The browser let this page sleep: somebody else may have sent it.
      if (!isFresh(save.touched)) save.tried = true;
      save.touched = Date.now();
    }
    this.keep();
  }

  keep() {
    try {
      if (this.waiting.length) localStorage.setItem(this.key, JSON.stringify(this.waiting));
      else localStorage.removeItem(this.key);
    } catch {
      // A full or forbidden store: what waits lives as long as the page.
    }
  }

  // In order, one at a time. Throws when the rest has to wait.
  flush() {
    return (this.running ??= this.sendAll().finally(() => (this.running = null)));
  }

  async sendAll() {
    while (this.waiting.length) await this.send(this.waiting[0]);
  }

  // The page is closing: everything at once, in whatever order it arrives; others may send it from now on.
  farewell() {
    for (const save of this.waiting) {
      this.send(save).catch(() => {});
      save.touched = 0;
    }
    this.keep();
    this.letGo();
  }

  async send(save) {
    save.tried = true;
    const { tried, touched, ...body } = save;
    const response = await fetch("/progress", {
      method: "POST",
      keepalive: true,
      headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": formToken() },
      body: JSON.stringify(body),
    });
    if (response.status === 401 || response.status === 403) throw new SignedOut();
    // What the server cannot take will not get better by waiting; anything else (busy, broken) may.
    const hopeless = [404, 409, 413, 422].includes(response.status);
    if (!response.ok && !hopeless) throw new Error(String(response.status));
    const answer = await response.json();
    this.drop(save);
    this.tell(response.ok, body, answer);
  }

  drop(save) {
    this.waiting = this.waiting.filter((one) => one !== save);
    this.keep();
  }

  // What other pages left in places that begin so. Throws when the rest has to wait.
  async sendLeft(beginning) {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(beginning) && key !== this.key);
    for (const key of keys) {
      if (navigator.locks) await navigator.locks.request(key, { ifAvailable: true }, (lock) => lock && this.left(key).flush());
      else if (!this.left(key).waiting.some((save) => isFresh(save.touched))) await this.left(key).flush();
    }
  }

  left(key) {
    return new LeftOutbox(key, this.tell);
  }
}

// What a page left that is closed, or that the browser keeps for the way back: then it may come back any moment.
class LeftOutbox extends Outbox {
  constructor(key, tell) {
    super(key, tell);
    this.waiting = this.stored;
  }

  get stored() {
    return JSON.parse(localStorage.getItem(this.key) ?? "[]");
  }

  drop(save) {
    this.waiting = this.stored.filter((one) => one.block !== save.block || one.seq !== save.seq);
    this.keep();
  }
}

function isFresh(touched) {
  return Date.now() - touched < OPEN_MS;
}

function formToken() {
  return JSON.parse(document.body.getAttribute("hx-headers:inherited"))["X-CSRF-Token"];
}
