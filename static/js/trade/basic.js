// Basic mode: the same ticket with less of it, and what it will do in plain words. Nothing that is
// hidden stays set.
import { remember, remembered, say } from "./dom.js";
import { decimalOf } from "./exact.js";
import { takePosition } from "./feed.js";
import { post } from "./rest.js";
import { grouped, stepped } from "../notation.js";

export function attachBasic({ root, store, isKnown, ticket, notify }) {
  const buttons = [...document.querySelectorAll("[data-mode-choice]")];
  const words = root.querySelector("[data-plain-words]");
  const quick = [...root.querySelectorAll("[data-quick-leverage]")];

  function choose(mode) {
    remember("mode", mode);
    root.dataset.mode = mode;
    store.set({ mode });
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.modeChoice === mode));
    if (mode === "basic") ticket.simplify();
  }

  for (const button of buttons) button.addEventListener("click", () => choose(button.dataset.modeChoice));
  for (const button of quick) {
    button.addEventListener("click", async () => {
      if (!isKnown) return;
      try {
        const leverage = Number(button.dataset.quickLeverage);
        takePosition(store, await post(`/positions/${store.values.symbol}/leverage`, { leverage }));
      } catch (refused) {
        notify({ title: "The leverage stays", text: refused.message, tone: "bad" });
      }
    });
  }
  const other = root.querySelector("[data-other-leverage]");
  store.on(["settings", "positions", "market"], ({ settings, symbol, market }) => {
    const leverage = settings.get(symbol)?.leverage ?? 10;
    const isOther = !quick.some((button) => Number(button.dataset.quickLeverage) === leverage);
    say(other, isOther ? `Now ${leverage}x` : "");
    for (const button of quick) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.quickLeverage) === leverage));
      button.disabled = Boolean(market) && Number(button.dataset.quickLeverage) > market.max_leverage;
    }
  });
  ticket.onShown(({ fields, draft, preview, world, market }) => {
    if (root.dataset.mode === "basic") say(words, sentence({ fields, draft, preview, world, market }));
  });
  choose(remembered("mode", "advanced"));
}

function sentence({ fields, draft, preview, world, market }) {
  if (!preview) return "Say how much, and you will read here what happens.";
  const { terms } = world;
  const isBuy = fields.side === "BUY";
  const size = `${grouped(decimalOf(draft.order.lots, terms.lot))} ${market.base}`;
  const way = isBuy ? `You gain while ${market.base} rises.` : `You gain while ${market.base} falls.`;
  if (preview.liquidation === null) return `${isBuy ? "Buy" : "Sell"} ${size}. ${way}`;
  const price = stepped(decimalOf(preview.liquidation, terms.tick, 2n), terms.tick, { half: true });
  const edge = preview.after.size > 0n ? "falls" : "rises";
  return `${isBuy ? "Buy" : "Sell"} ${size}. ${way} If it ${edge} to ${price}, the position is closed and its margin is lost.`;
}
