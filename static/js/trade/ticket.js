// The order ticket: reads its fields, shows preview and faults as one types, and sends.
import { bodyOf, draftOf, faultsOf, fundingOf, previewOf, typeOf, warningsOf, worldOf } from "./draft.js";
import { say } from "./dom.js";
import { centsText, decimalOf, microOf } from "./exact.js";
import { takeOrder } from "./feed.js";
import { outcomeOf } from "./order-words.js";
import { pricesOf } from "./prices.js";
import { post, read } from "./rest.js";
import { doubt, forget, isDoubtful, setOut, whatBecameOf } from "./sending.js";
import { grouped, plainOf, stepped } from "../notation.js";

const FORCES = { GTC: "until canceled", GTD: "until a date", IOC: "now or never, in part", FOK: "now or never, whole" };
const NO_VALUE = "\u2013";
const WAITS = "Your balance does not carry this yet: it waits up to 15 seconds for the deposit that you authorized.";
const UNKNOWN = "The answer was lost, so it is not known whether this order arrived. Asking the venue.";
const NEVER_ARRIVED = "The venue does not know this order: it never arrived. Unchanged, it may be sent again: it stays one order.";
const ASK_AGAIN_MS = 10_000;
const IMMEDIATE = ["IOC", "FOK"];
const CHECKS = ["post_only", "reduce_only", "protects", "all_or_none", "nbbo_protection"];

export function attachTicket({ root, store, isKnown, onSent = () => {} }) {
  const section = root.querySelector("[data-ticket]");
  const form = section.querySelector("[data-ticket-form]");
  const ticket = { root, store, isKnown, section, form, kind: "LIMIT", touched: new Set(), onSent, id: newId(), chosen: takenForGranted() };
  for (const chip of form.querySelectorAll("[data-kind]")) chip.addEventListener("click", () => turnTo(ticket, chip.dataset.kind));
  for (const chip of form.querySelectorAll("[data-takes]")) chip.addEventListener("click", () => takePrice(ticket, pricesOf(store.values)[chip.dataset.takes]));
  form.addEventListener("input", ({ target }) => edited(ticket, target));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(ticket);
  });
  form.querySelector('[data-preview-of="max"]').addEventListener("click", () => takeSize(ticket, "100", "percent"));
  section.addEventListener("side-chosen", ({ detail }) => chooseSide(ticket, detail));
  chooseKind(ticket, "LIMIT");
  store.on(["market", "ticker", "orders", "positions", "settings", "balance"], () => show(ticket));
  store.on(["orders", "ended"], () => follow(ticket));
  return {
    choosePrice: (price) => takePrice(ticket, price),
    chooseSide: (side) => chooseSide(ticket, side),
    chooseShare: (share) => takeSize(ticket, String(share), "percent"),
    chooseKind: (kind) => chooseKind(ticket, kind),
    send: () => send(ticket),
    focusSize: () => form.elements.size.focus(),
    simplify: () => simplify(ticket),
    onShown: (listener) => {
      ticket.tellShown = listener;
      show(ticket);
    },
  };
}

// What a person chose of what another type of order may not have: it comes back with a type that may.
const takenForGranted = () => ({ resting: "GTC", immediate: "IOC", postOnly: false });

const newId = () => `web-${crypto.randomUUID()}`;

export function fieldsOf({ form, kind, store }) {
  const fields = { kind };
  for (const { name, value, type, checked } of form.elements) {
    if (!name || (type === "radio" && !checked)) continue;
    fields[name] = CHECKS.includes(name) ? checked : plainOf(value);
  }
  const { market } = store.values;
  return { ...fields, terms: market ? { tick: market.tick_size } : null };
}

function turnTo(ticket, kind) {
  begin(ticket);
  chooseKind(ticket, kind);
}

function chooseKind(ticket, kind) {
  ticket.kind = kind;
  const { form } = ticket;
  for (const chip of form.querySelectorAll("[data-kind]")) chip.setAttribute("aria-pressed", String(chip.dataset.kind === kind));
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== kind;
  arrange(ticket);
  show(ticket);
}

// Which fields belong to the order as it is now.
function arrange({ form, kind, chosen }) {
  const type = typeOf({ kind, peg: form.elements.peg.value, then: form.elements.then.value });
  form.querySelector("[data-price-part]").hidden = type === "MARKET";
  say(form.querySelector("[data-price-label]"), kind === "PEG" ? (form.elements.side.value === "BUY" ? "Not above" : "Not below") : "Price");
  form.elements.limit_price.placeholder = kind === "PEG" ? "no cap" : "";
  const forces = form.elements.time_in_force;
  const allowed = type === "MARKET" ? IMMEDIATE : Object.keys(FORCES);
  if (allowed.join() !== [...forces.options].map((one) => one.value).join()) {
    forces.replaceChildren(...allowed.map((name) => new Option(`${name}, ${FORCES[name]}`, name)));
  }
  forces.value = type === "MARKET" ? chosen.immediate : chosen.resting;
  form.querySelector("[data-until]").hidden = forces.value !== "GTD";
  form.querySelector("[data-risk-part]").hidden = form.elements.unit.value !== "risk";
  form.querySelector("[data-protection]").hidden = !form.elements.protects.checked;
  const isImmediate = IMMEDIATE.includes(forces.value);
  form.elements.post_only.disabled = isImmediate;
  form.elements.post_only.checked = chosen.postOnly && !isImmediate;
}

// Another order from here on: it has its own name, and the last answer is not about it, unless it
// is not known yet what became of the one before.
function begin(ticket) {
  ticket.id = newId();
  const isOpen = ticket.isSending || ticket.form.querySelector("[data-answer]").textContent === UNKNOWN;
  if (isOpen) return;
  ticket.told = null;
  answer(ticket, "", "");
}

function edited(ticket, target) {
  ticket.touched.add(target.name);
  begin(ticket);
  remember(ticket, target);
  if (target.name === "share") takeSize(ticket, target.value, "percent");
  if (target.name === "unit") ticket.form.elements.size.value = "";
  arrange(ticket);
  show(ticket);
}

function remember({ form, chosen }, { name, value, checked }) {
  const isOfMarket = form.elements.time_in_force.options.length === IMMEDIATE.length;
  if (name === "time_in_force") chosen[isOfMarket ? "immediate" : "resting"] = value;
  if (name === "post_only") chosen.postOnly = checked;
}

// Everything that basic mode hides goes back to what the venue takes for granted.
function simplify(ticket) {
  const { form, kind } = ticket;
  ticket.chosen = takenForGranted();
  for (const name of ["reduce_only", "all_or_none", "nbbo_protection"]) form.elements[name].checked = false;
  form.elements.min_quantity.value = "";
  form.elements.stp.value = "EXPIRE_TAKER";
  if (form.elements.unit.value === "risk") form.elements.unit.value = "base";
  chooseKind(ticket, kind === "LIMIT" ? "LIMIT" : "MARKET");
}

function takePrice(ticket, price) {
  if (!price) return;
  if (ticket.kind === "MARKET") chooseKind(ticket, "LIMIT");
  const { market } = ticket.store.values;
  // The mid may be a half tick; a limit lies on a tick, on the side that admits the mid.
  const [whole, half] = [price, decimalOf(1n, market.tick_size, 2n)];
  const isBuy = ticket.form.elements.side.value === "BUY";
  ticket.form.elements.limit_price.value = onTick(whole, market.tick_size, half, isBuy);
  ticket.touched.add("limit_price");
  begin(ticket);
  show(ticket);
}

function onTick(price, tick, half, isBuy) {
  const halves = draftHalves(price, tick);
  return decimalOf(halves % 2n === 0n ? halves / 2n : (halves + (isBuy ? 1n : -1n)) / 2n, tick);
}

function draftHalves(price, tick) {
  const places = (tick.split(".")[1] ?? "").length + 1;
  const [whole, fraction = ""] = price.split(".");
  const [tickWhole, tickFraction = ""] = tick.split(".");
  const size = BigInt(tickWhole + tickFraction.padEnd(places, "0"));
  return (BigInt(whole + fraction.padEnd(places, "0")) * 2n) / size;
}

function takeSize(ticket, value, unit) {
  const { size, unit: units, share } = ticket.form.elements;
  size.value = value;
  units.value = unit;
  ticket.touched.add("size");
  begin(ticket);
  if (unit === "percent") share.value = value;
  arrange(ticket);
  show(ticket);
}

function chooseSide(ticket, side) {
  ticket.form.elements.side.value = side;
  begin(ticket);
  arrange(ticket);
  show(ticket);
}

function show(ticket) {
  const { form, store, root } = ticket;
  const world = worldOf(store.values);
  if (!world) return;
  world.authorized = ticket.authorized ?? 0n;
  const fields = { ...fieldsOf(ticket), terms: world.terms };
  const draft = draftOf(fields, world);
  const faults = faultsOf(fields, draft, world);
  const preview = previewOf(draft, world);
  const warnings = warningsOf(fields, draft, world, preview);
  Object.assign(ticket, { world, fields, draft, faults, preview, warnings });
  learnAuthorized(ticket);
  showFaults(ticket);
  showPreview(ticket);
  showShare(ticket);
  say(root.querySelector("[data-leverage]"), `${world.held.leverage}x`);
  const button = form.querySelector("[data-send]");
  if (!button) return;
  const isBuy = fields.side === "BUY";
  button.classList.toggle("button-buy", isBuy);
  button.classList.toggle("button-sell", !isBuy);
  const amount = draft.order.lots > 0n ? `${decimalOf(draft.order.lots, world.terms.lot)} ` : "";
  say(button, `${isBuy ? "Buy" : "Sell"} ${amount}${store.values.market.base}`);
}

// What is authorized is asked of the chain only when an order lacks money, and seldom.
async function learnAuthorized(ticket) {
  const { draft, form } = ticket;
  const place = form.querySelector("[data-answer]");
  const isTold = place.textContent === WAITS;
  const waits = Boolean(draft.lacksMoney) && ticket.authorized > 0n;
  if (waits !== isTold && (waits || isTold)) answer(ticket, waits ? WAITS : "", "");
  if (!draft.lacksMoney || !ticket.isKnown || performance.now() < (ticket.askAgainAt ?? 0)) return;
  ticket.askAgainAt = performance.now() + ASK_AGAIN_MS;
  const vault = await read("/vault").catch(() => null);
  const authorized = vault ? microOf(vault.authorized) : 0n;
  if (authorized === (ticket.authorized ?? 0n)) return;
  ticket.authorized = authorized;
  show(ticket);
}

// A fault is told beside its field once the field was touched, all of them when one tries to send.
// A warning stands there as soon as there is one.
function showFaults(ticket) {
  const { form, faults, warnings, touched } = ticket;
  const sources = { take_profit: ["tp_trigger", "tp_limit", "protects"], stop_loss: ["sl_trigger", "sl_limit"] };
  for (const place of form.querySelectorAll("[data-fault]")) {
    const name = place.dataset.fault;
    const inputs = sources[name] ?? [name];
    const isTold = touched.has("all") || inputs.some((one) => touched.has(one));
    const sentence = isTold ? (faults[name] ?? "") : "";
    const told = sentence || (warnings[name] ?? "");
    place.dataset.tone = sentence ? "" : "warn";
    say(place, told);
    for (const one of inputs.filter((each) => each !== "protects")) {
      const input = form.elements[one];
      input.setAttribute("aria-invalid", String(Boolean(sentence)));
      if (told) input.setAttribute("aria-describedby", place.id);
      else input.removeAttribute("aria-describedby");
    }
  }
  announceFaults(ticket);
}

// Read out once when another field is at fault, not each time that a price moves a number in it.
function announceFaults(ticket) {
  const told = [...ticket.form.querySelectorAll("[data-fault]:not(:empty)")];
  const key = told.map((place) => `${place.dataset.fault} ${place.dataset.tone}`).join();
  if (key === ticket.announced) return;
  ticket.announced = key;
  say(ticket.form.querySelector("[data-faults-said]"), told.map((place) => place.textContent).join(" "));
}

function showShare({ form, draft }) {
  const { share, unit } = form.elements;
  const whole = draft.order.isReduceOnly ? "position" : "free";
  say(unit.querySelector('[value="percent"]'), `% of ${whole}`);
  share.setAttribute("aria-label", draft.order.isReduceOnly ? "Share of the position" : "Share of your free balance, as margin with the fee");
  share.setAttribute("aria-valuetext", `${share.value}%`);
}

function showPreview(ticket) {
  const { form, fields, draft, world, store, preview } = ticket;
  const { market, ticker } = store.values;
  ticket.tellShown?.({ fields, draft, preview, world, market });
  const { terms } = world;
  const funding = preview && fundingOf(preview.after, world, ticker?.funding_rate ?? market.funding_rate);
  const usdt = (micro, places = 2) => `${centsText(micro, places)} USDT`;
  const signed = (micro) => `${micro > 0n ? "+" : ""}${usdt(micro, 4)}`;
  const finest = preview && preview.value >= 10_000_000_000n ? 2 : 4;
  const told = preview && {
    value: usdt(preview.value),
    margin: usdt(preview.margin),
    fee: `${centsText(preview.takerFee, finest)} / ${centsText(-preview.makerRebate, finest)}`,
    liquidation: preview.liquidation === null ? "none" : stepped(decimalOf(preview.liquidation, terms.tick, 2n), terms.tick, { half: true }),
    distance: preview.distanceBp === null ? NO_VALUE : `${centsText(preview.distanceBp * 10_000n)}%`,
    funding: funding === null ? NO_VALUE : signed(funding),
  };
  for (const place of form.querySelectorAll("[data-preview-of]")) {
    const name = place.dataset.previewOf;
    if (name === "max") say(place, `${grouped(decimalOf(draft.most, terms.lot))} ${market.base}`);
    else say(place, told?.[name] ?? NO_VALUE);
  }
}

async function send(ticket) {
  const { form, store } = ticket;
  if (!ticket.isKnown || ticket.isSending || !ticket.world) return;
  ticket.told = null;
  ticket.touched.add("all");
  show(ticket);
  const first = Object.keys(ticket.faults)[0];
  if (first) {
    answer(ticket, ticket.faults[first], "bad");
    form.querySelector(`[aria-describedby="fault-${first}"]`)?.focus();
    return;
  }
  const { fields, draft, world, id } = ticket;
  const body = bodyOf(fields, draft, { symbol: store.values.symbol, terms: world.terms, held: world.held, clientOrderId: id });
  busy(ticket, true);
  setOut(store, body);
  answer(ticket, "Sending.", "");
  try {
    sent(ticket, await post("/orders", body));
  } catch (refused) {
    if (isDoubtful(refused)) findOut(ticket, id);
    else refuse(ticket, refused, id);
  } finally {
    busy(ticket, false);
  }
}

function refuse(ticket, refused, id) {
  const { store } = ticket;
  forget(store, id);
  if (refused.extra?.order) takeOrder(store, refused.extra.order);
  answer(ticket, refused.message, "bad");
  ticket.id = newId();
  if (refused.code === "LEVERAGE_MISMATCH") ticket.onSent({ isMismatch: true });
}

// The ticket keeps the order's name meanwhile: sent again as it is, it is still one order.
async function findOut(ticket, id) {
  doubt(ticket.store, id);
  answer(ticket, UNKNOWN, "");
  const order = await whatBecameOf(id);
  if (order) return sent(ticket, order);
  forget(ticket.store, id);
  answer(ticket, NEVER_ARRIVED, "bad");
}

function sent(ticket, order) {
  takeOrder(ticket.store, order);
  tellOutcome(ticket, order);
  ticket.onSent({ order });
  // What was typed since an answer was lost is another order's.
  if (order.client_order_id !== ticket.id) return;
  ticket.form.elements.size.value = "";
  ticket.form.elements.share.value = "0";
  ticket.touched.clear();
  ticket.id = newId();
  show(ticket);
}

function tellOutcome(ticket, order) {
  ticket.told = order;
  const { sentence, tone } = outcomeOf(order);
  answer(ticket, sentence, tone);
}

// What was said of the last order goes on to be so: a stop that fires at once is not waiting any more.
function follow(ticket) {
  const { told, store } = ticket;
  if (!told) return;
  const { orders, ended } = store.values;
  const newest = orders.get(told.id) ?? ended.find(({ id }) => id === told.id);
  if (!newest || newest.updated_at < told.updated_at) return;
  if (newest.status === told.status && newest.filled_size === told.filled_size) return;
  tellOutcome(ticket, { ...newest, account_sequence: newest.account_sequence ?? told.account_sequence });
}

function busy(ticket, isBusy) {
  ticket.isSending = isBusy;
  ticket.form.querySelector("[data-send]").setAttribute("aria-busy", String(isBusy));
}

function answer({ form }, sentence, tone) {
  const place = form.querySelector("[data-answer]");
  place.dataset.tone = tone;
  say(place, sentence);
}
