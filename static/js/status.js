// The status page: the venue, its parts and its markets, every ten seconds while it is seen.
import { element, say } from "./trade/dom.js";
import { clockTime } from "./notation.js";

const EVERY_MS = 10_000;
const TONES = { ACTIVE: "badge-open", HALTED: "badge-hollow", DELISTED: "badge-hollow" };
const page = document.querySelector("[data-status]");

async function read(address) {
  const answer = await fetch(address).catch(() => null);
  return answer?.json().catch(() => null) ?? null;
}

const words = (name) => name.toLowerCase().replaceAll("_", " ");

function row(name, state, tone, reason = "") {
  return element("li", {}, element("span", {}, name), element("span", { class: `badge badge-quiet badge-dot ${tone}` }, state), element("span", { class: "faint" }, reason));
}

function showStatus(status) {
  const until = status.resumes_at ? ` It resumes at ${clockTime(status.resumes_at)}.` : "";
  say(page.querySelector("[data-venue]"), status.pause_level ? `The venue is paused at level ${status.pause_level}. ${status.reason}${until}` : "The venue operates.");
  const others = status.markets.filter(({ state }) => state !== "ACTIVE");
  say(page.querySelector("[data-market-count]"), `${status.markets.length - others.length} of ${status.markets.length} trade as usual.`);
  page.querySelector("[data-markets]").replaceChildren(...others.map((market) => row(market.symbol, words(market.state), TONES[market.state] ?? "badge-between", market.state_reason)));
}

function showHealth({ parts = {} }) {
  const rows = Object.entries(parts).map(([name, part]) => {
    const state = typeof part === "string" ? part : part.status;
    return row(words(name), state, state === "up" ? "badge-open" : "badge-hollow");
  });
  page.querySelector("[data-parts]").replaceChildren(...rows);
}

async function refresh() {
  if (document.visibilityState === "visible") {
    const [status, health] = await Promise.all([read("/api/v1/status"), read("/api/v1/health")]);
    if (status?.markets) showStatus(status);
    if (health) showHealth(health);
    say(page.querySelector("[data-live-status]"), status?.markets ? `Updated ${clockTime(Date.now())}` : "Not updated; trying again");
  }
  setTimeout(refresh, EVERY_MS);
}

refresh();
