// Keeps /verify/offline, what it needs and the newest list of ended certificates for when there is no network. A scanned
// QR code opens /verify/q/…: without a network that address is answered by the same page.

const CACHE = "verify-1";
const PAGE = "/verify/offline";
const LIST = "/verify/offline/list.json";

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => caches.match(PAGE)));
  else if (new URL(request.url).pathname === LIST) event.respondWith(newest(request));
  else event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
});
self.addEventListener("message", (event) => event.waitUntil(keep()));

async function keep() {
  const cache = await caches.open(CACHE);
  // As nobody in particular: a page with somebody's name in it is not to be kept.
  const page = await fetch(PAGE, { credentials: "omit", cache: "no-store" });
  if (!page.ok) return;
  const needs = [...(await page.clone().text()).matchAll(/="(\/static\/[^"#]+)/g)].map((found) => found[1]);
  await cache.addAll([...new Set(needs), LIST]);
  await cache.put(PAGE, page);
}

async function newest(request) {
  const cache = await caches.open(CACHE);
  try {
    const list = await fetch(request);
    if (list.ok) await cache.put(LIST, list.clone());
    return list;
  } catch {
    return (await cache.match(LIST)) ?? Response.error();
  }
}
