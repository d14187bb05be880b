// The leverage of this market: a slider over the usual steps, an exact field, and the brackets.
import { say } from "./dom.js";
import { takePosition } from "./feed.js";
import { heldOf, termsOf } from "./positions.js";
import { post } from "./rest.js";

const STOPS = [1, 2, 3, 5, 10, 20, 25, 50, 75, 100, 125, 200, 250, 500, 750, 1000];

export function attachLeverage({ root, store, isKnown }) {
  const dialog = document.getElementById("leverage");
  const form = dialog.querySelector("[data-leverage-form]");
  const slider = dialog.querySelector("[data-leverage-slider]");
  const exact = dialog.querySelector("[data-leverage-exact]");
  const fault = dialog.querySelector("[data-leverage-fault]");
  const stops = () => STOPS.filter((stop) => stop <= (store.values.market?.max_leverage ?? 1000));

  const show = (leverage) => {
    const found = stops().findLastIndex((stop) => stop <= leverage);
    slider.max = String(stops().length - 1);
    slider.value = String(Math.max(0, found));
    slider.setAttribute("aria-valuetext", `${leverage}x`);
    exact.value = String(leverage);
    say(dialog.querySelector("[data-leverage-output]"), `${leverage}x`);
    for (const row of dialog.querySelectorAll("[data-most]")) row.toggleAttribute("data-holds", leverage <= Number(row.dataset.most));
  };
  // What is typed is told at once where it is no leverage of this market.
  const faultOf = (text) => {
    const most = store.values.market?.max_leverage ?? 1000;
    return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most ? "" : `A whole number from 1 to ${most}.`;
  };
  const tell = (sentence) => {
    say(fault, sentence);
    exact.setAttribute("aria-invalid", String(Boolean(sentence)));
    exact.setAttribute("aria-describedby", fault.id);
  };
  const open = () => {
    const { market, settings, positions, symbol } = store.values;
    if (!market) return;
    tell("");
    if (!isKnown) say(fault, "Log in to set it.");
    show(Number(heldOf(positions.get(symbol) ?? settings.get(symbol), termsOf(market)).leverage));
    dialog.showModal();
  };
  root.querySelector("[data-leverage-opens]").addEventListener("click", open);
  slider.addEventListener("input", () => {
    show(stops()[Number(slider.value)]);
    tell("");
  });
  exact.addEventListener("change", () => {
    tell(faultOf(exact.value.trim()));
    if (!faultOf(exact.value.trim())) show(Number(exact.value));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell(faultOf(exact.value.trim()));
    if (faultOf(exact.value.trim())) {
      exact.focus();
      return;
    }
    try {
      takePosition(store, await post(`/positions/${store.values.symbol}/leverage`, { leverage: Number(exact.value) }));
      dialog.close();
    } catch (refused) {
      tell(refused.message);
    }
  });
  return { open };
}
