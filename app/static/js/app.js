// What htmx and the browser leave open: an expired session, a lost network, focus and speech after a swap.
// What a paper kept here until it was sent: handed in, it need not stay in a browser others may use.
for (const paper of document.querySelectorAll("[data-handed-in]")) localStorage.removeItem(`hs-answers:${paper.dataset.handedIn}`);

const said = document.getElementById("said");
const offline = document.getElementById("offline");

function say(text) {
  said.textContent = "";
  setTimeout(() => (said.textContent = text.trim()), 50);
}

// The server speaks through HX-Trigger: {"announce": {"value": "…"}} or through [data-announce] in what it sends.
document.addEventListener("announce", (event) => say(event.detail.value));

document.addEventListener("htmx:before:response", (event) => {
  offline.hidden = true;
  if (event.detail.ctx.response.status !== 401) return;
  event.preventDefault();
  location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
});

document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx && !event.detail.ctx.response) offline.hidden = false;
});
addEventListener("online", () => (offline.hidden = true));

// A swap takes the focused button away with the old fragment: its twin in the new one is focused, else the fragment.
let held = null;
document.addEventListener("htmx:before:swap", () => {
  const here = document.activeElement;
  const around = [];
  for (let one = here; one && one !== document.body; one = one.parentElement) if (one.id) around.push(one.id);
  held = { here, around, name: nameOf(here) };
});

function nameOf(element) {
  return [element.tagName, element.form?.getAttribute("action"), element.getAttribute("href") ?? element.name, element.value, element.textContent.trim()].join("|");
}

function focusTwin() {
  if (!held || held.here.isConnected || document.activeElement !== document.body) return;
  const region = held.around.map((id) => document.getElementById(id)).find(Boolean);
  const twin = [...(region?.querySelectorAll("a, button, input, select, textarea") ?? [])].find((one) => nameOf(one) === held.name);
  focus(twin ?? region);
}

function focus(element) {
  if (!element) return;
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus();
}

document.addEventListener("htmx:after:swap", () => {
  const here = document.querySelector("[data-focus]");
  here?.removeAttribute("data-focus");
  if (here) focus(here);
  else focusTwin();
  const news = document.querySelector("[data-announce]");
  if (news) {
    news.removeAttribute("data-announce");
    say(news.textContent);
  }
});

// <button commandfor command="show-modal"> for browsers that do not know it yet.
if (!("command" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    if (button?.getAttribute("command") === "show-modal") document.getElementById(button.getAttribute("commandfor"))?.showModal();
  });
}

// The outline of a course lies open where there is room; an open menu closes when one looks elsewhere.
if (matchMedia("(min-width: 62rem)").matches) document.querySelectorAll("details[data-open-wide]").forEach((d) => (d.open = true));
for (const kind of ["click", "focusin"])
  document.addEventListener(kind, (event) => document.querySelectorAll("details.menu[open]").forEach((d) => d.contains(event.target) || (d.open = false)));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.firstElementChild.focus(); }
});
