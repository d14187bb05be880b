// Keeps the parts of the price board that change current: every two seconds, while it is seen, it
// takes them from the page itself. A part in which focus stands is left alone, so nobody loses the
// link under their finger; what scrolls is around the parts, so it stays where it was scrolled to.
import { clockTime } from "./notation.js";

const EVERY_MS = 2_000;
const status = document.querySelector("[data-live-status]");

async function read() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  // Without a session the answer is the log-in page, elsewhere.
  if (!answer?.ok || new URL(answer.url).pathname !== location.pathname) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function renew() {
  if (document.visibilityState !== "visible") return;
  const page = await read();
  if (status) status.textContent = page ? `Updated ${clockTime(Date.now())}.` : "Not updated; trying again.";
  for (const part of page ? document.querySelectorAll("[data-live]") : []) {
    const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
    if (fresh && !part.contains(document.activeElement)) part.replaceChildren(...fresh.childNodes);
  }
}

async function forEver() {
  await renew();
  setTimeout(forEver, EVERY_MS);
}

setTimeout(forEver, EVERY_MS);
