// The page "Prove my balance": fetches the proof, checks it against the chain, says what was found.

import { check } from "./check.js";
import { keep, keptProof, newestProof } from "./keeper.js";
import { clockTime, grouped } from "../notation.js";

const MICRO = 1_000_000n;
const ATTEMPTS = 3;
const page = document.querySelector("[data-proof]");
const place = { ...page.dataset };
const part = (name) => page.querySelector(`[data-${name}]`);
const figure = (name) => page.querySelector(`[data-figure="${name}"]`);

const SENTENCES = {
  state: {
    true: ({ number }) => `Your balance is in state root ${number}, which the chain holds.`,
    false: () => "Your leaf does not lead to the state root that the chain holds.",
    null: ({ number }) => `The chain has forgotten state root ${number}; it keeps the newest 200.`,
  },
  plain: {
    true: ({ number }) => `Your claim is in checkpoint ${number}, from which you would leave.`,
    false: () => "Your claim does not lead to the checkpoint that the chain holds.",
    null: ({ number }) => `The chain has no checkpoint ${number} any more; it keeps the newest 8.`,
  },
  sums: {
    true: ({ users, venue }) => `Your claim is counted: with all others it makes ${usdt(users + venue)} USDT.`,
    false: () => "The sums on your path do not make the sum that the chain holds.",
  },
  salt: {
    true: () => "The salt is the one of your key.",
    false: () => "The salt does not come from your key.",
  },
  claim: {
    true: ({ claim }) => `Made again at the committed marks, your claim is ${usdt(claim)} USDT.`,
    false: () => "At the committed marks your claim would be another.",
  },
};
const WORDS = { true: ["yes", "Holds"], false: ["no", "Does not hold"], null: ["open", "Not seen"] };

function usdt(micro) {
  const value = BigInt(micro);
  const sign = value < 0n ? "-" : "";
  const size = value < 0n ? -value : value;
  const rest = String(size % MICRO).padStart(6, "0").replace(/0+$/, "");
  return grouped(`${sign}${size / MICRO}${rest && `.${rest}`}`);
}

function line({ name, isHeld, detail }) {
  const made = document.createElement("li");
  const [mark, word] = WORDS[isHeld];
  const strong = document.createElement("b");
  strong.textContent = word;
  const text = document.createElement("span");
  text.textContent = SENTENCES[name][isHeld](detail);
  made.dataset.held = mark;
  made.append(strong, text);
  return made;
}

function problem(title, text) {
  page.dataset.state = "failed";
  part("problem").hidden = false;
  part("problem-title").textContent = title;
  part("problem-text").textContent = text;
  part("status").textContent = title;
}

function showFigures(proof) {
  const { checkpoint } = proof;
  figure("cash").textContent = usdt(proof.leaf.cash_micro);
  figure("cash-at").textContent = `in state root ${proof.number}, collateral with it`;
  if (checkpoint) {
    figure("claim").textContent = usdt(checkpoint.leaf.claim_micro);
    figure("claim-at").textContent = `at checkpoint ${checkpoint.number}`;
  }
  part("figures").hidden = false;
}

function show(proof, findings) {
  showFigures(proof);
  const plain = findings.find(({ name }) => name === "plain");
  if (plain?.isHeld) figure("total").textContent = usdt(plain.detail.users + plain.detail.venue);
  part("findings").replaceChildren(...findings.map(line));
  part("findings-part").hidden = false;
  const isFalse = findings.some(({ isHeld }) => isHeld === false);
  if (isFalse) {
    problem("Something does not hold", "Download the proof, keep it, and ask us in public what it means.");
    return;
  }
  page.dataset.state = "shown";
  part("problem").hidden = true;
  const isWhole = findings.every(({ isHeld }) => isHeld);
  part("status").textContent = isWhole ? "All of it holds" : "What the chain still knows holds";
}

function tellKept() {
  const kept = keptProof(place.account);
  part("kept").textContent = kept
    ? `This browser keeps the newest proof by itself: state root ${kept.proof.number}, kept at ${clockTime(kept.keptAt)}.`
    : "This browser does not let the site keep anything; download the proof.";
}

// A root that is confirmed between the two questions is not there yet, or a moment later is.
async function checked() {
  for (let attempt = 1; ; attempt += 1) {
    const proof = await newestProof();
    if (proof === null) return null;
    keep(place.account, proof);
    const findings = await check(proof, place);
    const isSeen = findings[0].isHeld !== null;
    if (isSeen || attempt === ATTEMPTS) return { proof, findings };
  }
}

async function run() {
  part("problem").hidden = true;
  part("status").textContent = "Hashing and asking the chain";
  try {
    const found = await checked();
    if (found) show(found.proof, found.findings);
    else problem("There is no proof yet", "Deposit first: your leaf is in the next state root after it is final.");
  } catch (error) {
    const kept = keptProof(place.account);
    if (kept) showFigures(kept.proof);
    problem("The proof could not be checked", error.message);
  }
  tellKept();
}

function save() {
  const kept = keptProof(place.account);
  if (!kept) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(kept.proof)], { type: "application/json" }));
  link.download = `godark-proof-${kept.proof.number}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

page.querySelector('[data-act="again"]').addEventListener("click", run);
page.querySelector('[data-act="save"]').addEventListener("click", save);
run();
