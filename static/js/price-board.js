// Keeps the part of the price board that changes current: every two seconds, while it is seen,
// it takes that part from the page itself. Where focus stands, nothing is replaced.
const EVERY_MS = 2_000;

async function renew(place) {
  if (document.visibilityState !== "visible" || place.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-live-part]");
  if (fresh && !place.contains(document.activeElement)) place.replaceChildren(...fresh.childNodes);
}

const place = document.querySelector("[data-live-part]");
if (place) setInterval(() => renew(place), EVERY_MS);
