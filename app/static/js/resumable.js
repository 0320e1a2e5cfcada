// Files of the lesson form go ahead of it, each as soon as it is chosen, piece by piece (tus 1.0): a lost network, a
// closed browser or a killed server costs no more than the piece on its way. The form then carries only their ids.
// Without this script, and where it cannot be fetched, upload.js sends them along with the form.
const MB = 1024 * 1024;
const PIECE = 16 * MB;
const AGAIN_MS = 10_000;
const WAITS_MS = [0, 1000, 3000, 5000];
const PROTOCOL = "1.0.0";
const FULL = 507;

const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const slotOf = (target) => (target instanceof Element ? target.closest("form[data-uploads] [data-slot]") : null);
const tokenOf = (form) => new URL(form.action).searchParams.get("csrf_token");

function sizeOf(bytes) {
  const [unit, by] = bytes < MB ? ["kB", 1024] : bytes < 1024 * MB ? ["MB", MB] : ["GB", 1024 * MB];
  return `${(bytes / by).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} ${unit}`;
}

// Nobody answered, or the server could not just now: trying again may help; where it has no room, somebody must act.
const mayPass = (status) => !status || status === 408 || status === 409 || (status >= 500 && status !== FULL);

const ask = (form, url, method) =>
  fetch(url, { method, headers: { "x-csrf-token": tokenOf(form), "tus-resumable": PROTOCOL, accept: "application/json" } });

// After signing in again in another tab the page's form token is old; the same page asked anew brings a fresh one, or
// none to who is signed out.
async function renewToken(form) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(form.id);
  if (fresh) form.action = fresh.action;
  return Boolean(fresh);
}

function reasonOf(body, words) {
  try {
    return JSON.parse(body).detail || words.failed;
  } catch {
    return words.failed;
  }
}

class Sending {
  constructor(slot, file) {
    this.slot = slot;
    this.file = file;
    this.form = slot.closest("form");
    this.words = JSON.parse(this.form.dataset.uploadWords);
    this.row = this.form.querySelector("template").content.firstElementChild.cloneNode(true);
    this.bar = this.row.querySelector("progress");
    this.row.querySelector("[data-name]").textContent = file.name;
    this.row.querySelector("[data-size]").textContent = sizeOf(file.size);
    this.bar.setAttribute("aria-label", file.name);
    slot.querySelectorAll("[data-arriving], [data-kept]").forEach((old) => (old.sending ? old.sending.drop() : old.remove()));
    slot.append(this.row);
    this.row.sending = this;
    this.row.querySelector("[data-pause]").onclick = () => this.pause();
    this.row.querySelector("[data-go]").onclick = () => {
      this.hasRenewed = false;
      this.goOn();
    };
    this.row.querySelector("[data-drop]").onclick = () => this.drop();
  }

  // `state`: sending, paused, waiting (for the network), checking, refused, here.
  become(state, text) {
    this.row.dataset.arriving = state;
    const said = this.row.querySelector("[data-said]");
    said.textContent = text;
    said.classList.toggle("err", state === "refused");
    this.row.querySelector("[data-pause]").hidden = state !== "sending";
    this.row.querySelector("[data-go]").hidden = state !== "paused" && state !== "waiting";
    this.bar.hidden = state === "here" || state === "refused";
    if (state === "checking") this.bar.removeAttribute("value");
    clearTimeout(this.timer);
    if (state === "waiting") this.timer = setTimeout(() => this.goOn(), AGAIN_MS);
    whenAllHere(this.form);
  }

  async begin() {
    if (this.file.size > Number(this.slot.dataset.most)) {
      return this.become("refused", fill(this.words.large, { size: sizeOf(this.file.size), limit: sizeOf(Number(this.slot.dataset.most)) }));
    }
    this.become("sending", this.words.sending);
    try {
      if (!window.tus) await import(this.form.dataset.tus);
      this.upload ??= this.made();
      if (!this.upload.url) await this.find();
    } catch (error) {
      return this.failed(Number(error.message) || 0);
    }
    if (this.row.dataset.arriving === "sending") this.upload.start();
  }

  made() {
    return new window.tus.Upload(this.file, {
      endpoint: this.form.dataset.uploads,
      metadata: { filename: this.file.name, kind: this.slot.dataset.kind },
      chunkSize: PIECE,
      retryDelays: WAITS_MS,
      // Kept until the whole file was looked at: the browser may be closed before that.
      removeFingerprintOnSuccess: false,
      onBeforeRequest: (request) => request.setHeader("X-CSRF-Token", tokenOf(this.form)),
      onProgress: (sent, all) => this.show(sent, all),
      onSuccess: () => this.finish(),
      onError: (error) => this.failed(error.originalResponse?.getStatus() ?? 0, error.originalResponse?.getBody()),
    });
  }

  // What an earlier visit began, if the server still has it; signed out, nothing is forgotten.
  async find() {
    for (const earlier of await this.upload.findPreviousUploads()) {
      const answer = await ask(this.form, earlier.uploadUrl, "HEAD");
      if (answer.ok) {
        this.form.querySelector(`[data-unfinished="${earlier.uploadUrl}"]`)?.remove();
        return this.upload.resumeFromPreviousUpload(earlier);
      }
      if (answer.status === 404 || answer.status === 410) await window.tus.defaultOptions.urlStorage.removeUpload(earlier.urlStorageKey);
      else throw new Error(String(answer.status));
    }
  }

  show(sent, all) {
    const percent = all ? Math.floor((100 * sent) / all) : 100;
    this.bar.value = percent;
    this.row.querySelector("[data-size]").textContent = `${percent}% · ${sizeOf(all)}`;
  }

  // What to do about an answer that is no yes; what arrived stays unless the file itself was refused.
  async failed(status, body) {
    if (mayPass(status)) return this.become("waiting", this.words.network);
    if (status === 401 || status === 403) {
      if (!(await renewToken(this.form).catch(() => false))) return this.become("paused", this.words.signedOut);
      if (!this.hasRenewed) {
        this.hasRenewed = true;
        return this.goOn();
      }
    }
    const reason = reasonOf(body, this.words);
    if (status === 401 || status === 403 || status === FULL) return this.become("paused", reason);
    this.become("refused", reason);
    this.giveUp();
  }

  pause() {
    this.upload?.abort();
    this.become("paused", this.words.paused);
  }

  goOn() {
    return this.isWhole ? this.finish() : this.begin();
  }

  async finish() {
    this.isWhole = true;
    this.become("checking", this.words.checking);
    try {
      let answer;
      do answer = await ask(this.form, `${this.upload.url}/finish`, "POST");
      while (answer.status === 202);
      if (answer.ok) this.taken(await answer.json());
      else this.failed(answer.status, await answer.text());
    } catch {
      this.failed(0);
    }
  }

  taken(asset) {
    // A file shown in the text goes by the name it has there (editor_files.js).
    const { slot, name } = this.slot.dataset;
    const carried = name ? { placed_name: name, placed_id: asset.public_id } : { [`kept_${slot}`]: asset.public_id };
    for (const [field, value] of Object.entries(carried)) this.row.append(Object.assign(document.createElement("input"), { type: "hidden", name: field, value }));
    this.row.querySelector("[data-size]").textContent = sizeOf(asset.size);
    this.forget();
    this.become("here", this.words.here);
  }

  async forget() {
    for (const known of await this.upload.findPreviousUploads()) await window.tus.defaultOptions.urlStorage.removeUpload(known.urlStorageKey);
  }

  giveUp() {
    if (!this.upload?.url || this.isGivenUp) return;
    this.isGivenUp = true;
    ask(this.form, this.upload.url, "DELETE").catch(() => {});
    this.forget();
  }

  drop() {
    clearTimeout(this.timer);
    this.upload?.abort();
    if (this.row.dataset.arriving !== "here") this.giveUp();
    this.row.remove();
    whenAllHere(this.form);
  }
}

// Somebody pressed Save while files were on their way (upload.js): now it can be sent.
function whenAllHere(form) {
  const states = [...form.querySelectorAll("[data-arriving]")].map((row) => row.dataset.arriving);
  if (!form.dataset.waits || states.some((state) => state !== "here")) {
    if (states.includes("refused")) delete form.dataset.waits;
    return;
  }
  delete form.dataset.waits;
  form.requestSubmit();
}

const take = (slot, file) => new Sending(slot, file).begin();

document.addEventListener("change", (event) => {
  const slot = slotOf(event.target);
  if (!slot || event.target.type !== "file" || !event.target.files.length) return;
  const file = event.target.files[0];
  event.target.value = "";
  take(slot, file);
});
document.addEventListener("send", (event) => take(slotOf(event.target), event.detail));
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const slot = slotOf(event.target);
    if (!slot || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    slot.querySelector(".upload").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) take(slot, event.dataTransfer.files[0]);
  });
}
document.addEventListener("click", async (event) => {
  const row = event.target.closest("[data-discard]")?.closest("[data-unfinished]");
  if (!row) return;
  const answer = await ask(row.closest("form"), row.dataset.unfinished, "DELETE").catch(() => null);
  if (answer?.ok || answer?.status === 404) row.remove();
});
for (const one of document.querySelectorAll("form[data-uploads] [data-live]")) one.hidden = false;
