// The lesson form with files: what is too large is said before it leaves, one sees how far it is, nothing typed is lost.
// Where resumable.js runs, files go ahead of the form, and it waits for those on their way.
const MB = 1024 * 1024;
let sending = null;
let isDirty = false;

const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const wordsOf = (form) => JSON.parse(form.dataset.words);
const filesOf = (form) => [...form.querySelectorAll('input[type="file"]')].flatMap((input) => [...input.files]);
const formOf = (event) => (event.target instanceof Element ? event.target.closest("form[data-upload]") : null);

function say(form, text) {
  const place = form.querySelector("[data-message]");
  place.replaceChildren();
  if (!text) return;
  const alert = document.createElement("div");
  alert.className = "alert error";
  alert.append(document.createElement("span"), document.createElement("p"));
  alert.lastChild.textContent = text;
  place.append(alert);
  alert.scrollIntoView({ block: "center" });
}

function tooLarge(form) {
  const limit = Number(form.dataset.limit);
  const files = filesOf(form);
  const big = files.find((file) => file.size > limit);
  if (big) return fill(wordsOf(form).large, { name: big.name, size: (big.size / MB).toFixed(1).replace(".", ",") + " MB" });
  return files.reduce((sum, file) => sum + file.size, 0) > limit ? wordsOf(form).total : "";
}

function show(form, text, percent) {
  const box = form.querySelector("[data-sending]");
  box.hidden = text === null;
  box.querySelector("[data-sending-text]").textContent = text ?? "";
  const bar = box.querySelector("progress");
  if (percent === undefined) bar.removeAttribute("value");
  else bar.value = percent;
  form.querySelectorAll('button:not([type="button"])').forEach((button) => (button.disabled = text !== null));
}

// After signing in again in another tab the page's form token is old; the same page asked anew brings a fresh one.
async function renewToken(form) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(form.id);
  if (fresh) form.action = fresh.action;
}

async function send(form, button) {
  const words = wordsOf(form);
  say(form, "");
  show(form, fill(words.sending, { percent: 0 }), 0);
  if (form.dataset.refused) await renewToken(form).catch(() => {});
  sending = new XMLHttpRequest();
  sending.open("POST", form.action);
  sending.setRequestHeader("HX-Request", "true");
  sending.upload.onprogress = (event) => {
    const percent = Math.floor((100 * event.loaded) / event.total);
    show(form, percent < 100 ? fill(words.sending, { percent }) : words.checking, percent < 100 ? percent : undefined);
  };
  sending.onload = () => answered(form, sending);
  sending.onerror = () => { show(form, null, 0); say(form, words.network); };
  sending.onabort = () => { show(form, null, 0); say(form, words.stopped); };
  sending.send(new FormData(form, button));
}

function answered(form, request) {
  const target = request.getResponseHeader("HX-Redirect");
  if (target) {
    isDirty = false;
    location.assign(target);
    return;
  }
  show(form, null, 0);
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  const again = answer.getElementById(form.id);
  if (again) {
    form.replaceWith(again);
    again.dispatchEvent(new Event("form-renewed", { bubbles: true }));
    const news = again.querySelector("[data-focus]");
    if (news) {
      news.tabIndex = -1;
      news.focus();
    }
  } else if (request.status === 401 || request.status === 403) {
    form.dataset.refused = "yes";
    say(form, wordsOf(form).refused);
  } else {
    form.querySelector("[data-message]").replaceChildren(...answer.body.childNodes);
    form.querySelector("[data-message]").scrollIntoView({ block: "center" });
  }
}

document.addEventListener("input", (event) => { if (formOf(event)) isDirty = true; });
document.addEventListener("change", (event) => {
  const form = formOf(event);
  if (form && event.target.type === "file") say(form, tooLarge(form));
});
document.addEventListener("submit", (event) => {
  const form = formOf(event);
  if (!form) return;
  if (form.querySelector("[data-arriving]:not([data-arriving='here'])")) {
    event.preventDefault();
    form.dataset.waits = "yes";
    say(form, wordsOf(form).waits);
    return;
  }
  const problem = tooLarge(form);
  if (problem || filesOf(form).length) event.preventDefault();
  else isDirty = false;
  if (problem) say(form, problem);
  else if (event.defaultPrevented) send(form, event.submitter);
});
document.addEventListener("click", (event) => { if (event.target.closest("[data-stop]")) sending?.abort(); });
addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
