// The terms of one market in a dialog, read from /api/v1/markets/{symbol} when it is opened.
import { clockTime, grouped, signedPercent } from "./notation.js";

export function attachMarketSheet(table, dialog) {
  if (!table || !dialog) return;
  const part = (name) => dialog.querySelector(`[data-sheet-${name}]`);
  const sheet = { dialog, part, symbol: "" };
  table.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-sheet]");
    if (opener) open(sheet, opener.dataset.sheet);
  });
  part("again").addEventListener("click", () => open(sheet, sheet.symbol));
}

async function open(sheet, symbol) {
  sheet.symbol = symbol;
  sheet.dialog.querySelector("#sheet-title").textContent = symbol;
  showOnly(sheet, "loading");
  if (!sheet.dialog.open) sheet.dialog.showModal();
  const answer = await fetch(`/api/v1/markets/${symbol}`).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (sheet.symbol !== symbol) return;
  if (answer?.ok && said) showTerms(sheet, said);
  else showFailure(sheet, said?.detail);
}

function showOnly({ part }, shown) {
  for (const name of ["loading", "failed", "terms"]) part(name).hidden = name !== shown;
}

function showFailure(sheet, detail) {
  sheet.part("sentence").textContent = detail ?? "The venue did not answer.";
  showOnly(sheet, "failed");
}

function showTerms(sheet, market) {
  const terms = {
    state: market.state.toLowerCase().replaceAll("_", " "),
    hours: hoursOf(market.trading_hours),
    tick_size: `${market.tick_size} USDT`,
    lot_size: `${market.lot_size} ${market.base}`,
    sizes: `${grouped(market.min_size)} to ${grouped(market.max_size)} ${market.base}`,
    position_limit: `${grouped(market.position_limit)} ${market.base}`,
    taker: signedPercent(market.fees.taker, 2),
    maker: signedPercent(market.fees.maker, 2),
  };
  for (const [name, text] of Object.entries(terms)) {
    sheet.dialog.querySelector(`[data-term="${name}"]`).textContent = text;
  }
  sheet.part("reason").textContent = market.state_reason;
  sheet.part("reason").hidden = !market.state_reason;
  sheet.part("page").href = `/markets/${market.symbol}`;
  sheet.part("brackets").replaceChildren(...market.brackets.map(bracketRow));
  showOnly(sheet, "terms");
}

function hoursOf(hours) {
  if (!hours) return "always open";
  const word = hours.is_open ? "open" : "closed";
  if (!hours.changes_at) return word;
  const day = new Date(hours.changes_at).toISOString().slice(0, 10);
  return `${word} until ${day} ${clockTime(hours.changes_at)}`;
}

function bracketRow(bracket) {
  const row = document.createElement("tr");
  const texts = [
    bracket.notional_up_to === null ? "above" : grouped(bracket.notional_up_to),
    `${bracket.max_leverage}x`,
    unsigned(bracket.initial_margin_rate),
    unsigned(bracket.maintenance_margin_rate),
  ];
  for (const text of texts) {
    const cell = row.insertCell();
    cell.className = "numeric";
    cell.textContent = text;
  }
  return row;
}

const unsigned = (fraction) => signedPercent(fraction, 2).replace("+", "");
