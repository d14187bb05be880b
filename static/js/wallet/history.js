// The table of deposits and withdrawals.

import { grouped } from "../notation.js";

const WORDS = {
  CONFIRMED: "may be traded with",
  FINALIZED: "final",
  DROPPED: "vanished from the chain",
  REQUESTED: "asked for",
  HELD: "reserved",
  RELEASED: "on its way",
  PAID: "paid",
  RETURNED: "given back",
  REFUSED: "refused",
};
const UNDER_WAY = new Set(["CONFIRMED", "REQUESTED", "HELD", "RELEASED"]);

export const isUnderWay = ({ status }) => UNDER_WAY.has(status);

export function showHistory(page, transfers, explorer) {
  const table = page.querySelector("[data-history]");
  table.tBodies[0].replaceChildren(...transfers.map((transfer) => row(transfer, explorer)));
  table.hidden = !transfers.length;
  page.querySelector("[data-history-empty]").hidden = transfers.length > 0;
}

function row(transfer, explorer) {
  const made = document.createElement("tr");
  const kind = transfer.kind === "DEPOSIT" ? "Deposit" : "Withdrawal";
  const words = WORDS[transfer.status] ?? transfer.status.toLowerCase();
  const when = new Date(transfer.created_at).toISOString().slice(0, 19).replace("T", " ");
  made.append(
    cell(kind),
    cell(grouped(transfer.amount), "numeric"),
    cell(words),
    cell(when, "medium-only"),
    linked(transfer.signature, explorer),
  );
  return made;
}

function cell(text, shape = "") {
  const made = document.createElement("td");
  made.className = shape;
  made.textContent = text;
  return made;
}

function linked(signature, explorer) {
  const made = cell(signature ? "" : "–");
  if (!signature) return made;
  const link = document.createElement("a");
  link.href = explorer.replace("{signature}", signature);
  link.textContent = `${signature.slice(0, 8)}…`;
  link.title = signature;
  link.rel = "noreferrer";
  made.append(link);
  return made;
}
