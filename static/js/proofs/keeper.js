// Keeps the newest proof of whoever is logged in, by itself: in this browser, renewed by the hour's
// quarters while any page of the site is open. What it shows is checked elsewhere (check.js).

const EVERY_MS = 15 * 60 * 1000;
const PREFIX = "godark.proof.";
const SOON_MS = 5_000;

export function keptProof(account) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + account) ?? "null");
  } catch {
    return null;
  }
}

// Writes a proof down, unless a newer one is kept; without room or leave nothing is kept.
export function keep(account, proof) {
  const before = keptProof(account);
  if (before && before.proof.number > proof.number) return;
  try {
    localStorage.setItem(PREFIX + account, JSON.stringify({ keptAt: Date.now(), proof }));
  } catch {
    // A browser that keeps nothing still checks.
  }
}

// Returns the account's newest proof: `null` where no root holds a leaf of it yet.
export async function newestProof() {
  const answer = await fetch("/api/v1/proofs/account").catch(() => null);
  if (answer?.status === 404) return null;
  const said = answer?.ok ? await answer.json().catch(() => null) : null;
  if (said === null) throw new Error("The site does not answer just now.");
  return said;
}

async function renew(account) {
  const kept = keptProof(account);
  if (kept && Date.now() - kept.keptAt < EVERY_MS) return;
  const proof = await newestProof().catch(() => null);
  if (proof) keep(account, proof);
}

const { account } = document.body.dataset;
if (account) {
  setTimeout(renew, SOON_MS, account);
  setInterval(renew, EVERY_MS, account);
}
