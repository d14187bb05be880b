// What is closed under one's eyes: why the ticket takes no order, and where a position went that
// nobody traded away.
import { element, say } from "./dom.js";
import { centsText, microOf } from "./exact.js";
import { clockTime } from "../notation.js";

const LIMITED_LEVEL = 1;
const STOPPED_LEVEL = 4;
const STATES = {
  POST_ONLY: { text: "This market opens in a moment. An order may rest already; nothing trades yet." },
  REDUCE_ONLY: { text: "This market only reduces: an order that would raise your position is not taken." },
  CANCEL_ONLY: { isClosed: true, text: "Closed: this market takes no orders now. Canceling works." },
  HALTED: { isClosed: true, text: "Closed: this market is halted. Orders rest as they are, nothing trades or is liquidated." },
  DELISTED: { isClosed: true, text: "Closed for good: this market is delisted. Open positions are settled at one price for all." },
};

export function attachClosing({ root, store, notify }) {
  const send = root.querySelector("[data-send]");
  const place = element("p", { class: "ticket-closed", "data-ticket-closed": "", role: "status", hidden: true });
  root.querySelector("[data-answer]").before(place);
  store.on(["market", "status"], (values) => {
    const closing = closingOf(values);
    place.hidden = !closing;
    say(place, closing?.text ?? "");
    if (send) send.disabled = Boolean(closing?.isClosed);
  });
  watchSettled({ store, notify });
}

function closingOf({ market, status }) {
  const { pause_level: level = 0, resumes_at: resumesAt, reason } = status ?? {};
  const until = resumesAt ? ` until ${clockTime(resumesAt)}` : "";
  const because = reason ? ` ${reason}` : "";
  if (level >= STOPPED_LEVEL) return { isClosed: true, text: `Closed: the venue is stopped as a whole.${because}` };
  if (level > LIMITED_LEVEL) return { isClosed: true, text: `Closed: the venue is paused${until}. Canceling works.${because}` };
  if (level === LIMITED_LEVEL) return { text: `The venue takes no new orders${until}: only what reduces a position.${because}` };
  const closing = STATES[market?.state];
  return closing && { ...closing, text: [closing.text, market.state_reason].filter(Boolean).join(" ") };
}

// At a delisting nothing is traded: there is no fill to tell where the position went.
function watchSettled({ store, notify }) {
  let held = null;
  store.on(["positions", "market"], ({ positions, settings, symbol, market }) => {
    const now = positions.get(symbol);
    if (held && !now && market?.state === "DELISTED") {
      const realized = microOf(settings.get(symbol)?.realized_pnl ?? "");
      const gain = realized === null ? "" : ` Realized in all: ${realized > 0n ? "+" : ""}${centsText(realized)} USDT.`;
      notify({ title: `${market.base} position settled`, text: `The market is delisted: your ${held.size.replace("-", "\u2212")} ${market.base} was closed at the settlement price.${gain} What was left of its margin is in your balance.`, tone: "warn", staysOpen: true });
    }
    held = now ?? null;
  });
}
