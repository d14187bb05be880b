// The page of state roots: the newest ones every two seconds while it is seen.
import { clockTime, grouped } from "./notation.js";

const EVERY_MS = 2_000;
const AT_MOST_MS = 60_000;
const SHOWN = 20;
const page = document.querySelector("[data-settlement]");
const table = page.querySelector("[data-roots]");
const status = page.querySelector("[data-live-status]");
const feed = { wait: EVERY_MS, timer: null };

const short = (text, length) => `${text.slice(0, length)}…`;

function cell(text, { shape = "", whole = "" } = {}) {
  const made = document.createElement("td");
  made.className = shape;
  if (!whole) {
    made.textContent = text;
    return made;
  }
  const code = document.createElement("code");
  code.title = whole;
  code.textContent = text;
  made.append(code);
  return made;
}

function linked(signature) {
  const made = cell(short(signature, 16), { shape: "wide-only", whole: signature });
  const link = document.createElement("a");
  link.href = page.dataset.explorer.replace("{signature}", signature);
  link.rel = "noreferrer";
  link.title = signature;
  link.append(made.firstElementChild);
  made.replaceChildren(link);
  return made;
}

function row(root) {
  const made = document.createElement("tr");
  made.append(
    cell(String(root.number), { shape: "numeric" }),
    cell(short(root.root, 12), { whole: root.root }),
    cell(grouped(root.total), { shape: "numeric medium-only" }),
    linked(root.signature),
    cell(clockTime(root.built_at), { shape: "medium-only" }),
    cell(root.status.toLowerCase()),
  );
  return made;
}

function show(roots) {
  const [newest] = roots;
  const took = newest.confirmed_at === null ? "–" : `${newest.confirmed_at - newest.built_at} ms`;
  const figures = {
    number: String(newest.number),
    status: newest.status.toLowerCase(),
    total: newest.total,
    took,
  };
  for (const [name, text] of Object.entries(figures)) {
    page.querySelector(`[data-live="${name}"]`).textContent = text;
  }
  table.tBodies[0].replaceChildren(...roots.map(row));
  table.hidden = false;
  page.querySelector("[data-roots-empty]").hidden = true;
}

async function refresh() {
  const answer = await fetch(`/api/v1/settlement/batches?limit=${SHOWN}`).catch(() => null);
  const said = answer?.ok ? await answer.json().catch(() => null) : null;
  if (said === null) {
    const askedMs = Number(answer?.headers.get("Retry-After") ?? 0) * 1000;
    feed.wait = Math.min(AT_MOST_MS, Math.max(feed.wait * 2, askedMs));
    status.textContent = "Not updated: the site does not answer";
  } else {
    feed.wait = EVERY_MS;
    if (said.results.length) show(said.results);
    status.textContent = `Updated ${clockTime(Date.now())}`;
  }
  plan();
}

function plan() {
  clearTimeout(feed.timer);
  if (!document.hidden) feed.timer = setTimeout(refresh, feed.wait);
}

document.addEventListener("visibilitychange", plan);
plan();
