// The wallet page: what it shows is asked of the site; what moves money is signed by the wallet.

import { grouped, plainOf } from "../notation.js";
import { showToast } from "../toasts.js";
import { isAmount, micro, usdt } from "./amounts.js";
import { ask, RefusedError } from "./api.js";
import { fromBase64 } from "./base58.js";
import { developmentWallet } from "./development.js";
import { isUnderWay, showHistory } from "./history.js";
import { ChainNode, textOf } from "./node.js";
import { accountOf, signAndSend, signMessage, watchWallets } from "./wallets.js";

const CALM_MS = 12_000;
const BUSY_MS = 4_000;
const SHOWN = 20;
const UNIT = 1_000_000_000n;
const GIFT_MICRO = 10_000_000_000;
const NOTHING = { wallet: "0", authorized: "0", withdrawable: "0" };

const page = document.querySelector("[data-wallet]");
const { account, chain, explorer } = page.dataset;
const node = page.dataset.node ? new ChainNode(page.dataset.node) : null;
const state = { address: null, vault: NOTHING, wallets: [], timer: null };
const one = (name) => page.querySelector(name);
const act = (name) => one(`[data-act="${name}"]`);

// Showing.

function figure(name, text) {
  one(`[data-figure="${name}"]`).textContent = grouped(text);
}

function show({ address, vault, balance, transfers }) {
  Object.assign(state, { address, vault });
  for (const part of page.querySelectorAll("[data-part]")) {
    part.hidden = (part.dataset.part === "linked") !== (address !== null);
  }
  const inFlight = micro(balance.pending_deposits) + micro(balance.pending_withdrawals);
  figure("wallet", vault.wallet);
  figure("authorized", vault.authorized);
  figure("free", balance.free);
  figure("in_positions", balance.in_positions);
  figure("reserved", balance.reserved);
  figure("in_flight", usdt(inFlight));
  figure("withdrawable", vault.withdrawable);
  one("[data-address]").textContent = address ?? "";
  act("deposit").disabled = micro(vault.authorized) === 0n;
  act("all").disabled = micro(vault.withdrawable) === 0n;
  showRange();
  showHistory(page, transfers, explorer);
  page.dataset.state = "ready";
}

function showRange() {
  const range = one("[data-authorize-range]");
  const most = micro(state.vault.wallet);
  range.max = String((most + UNIT - 1n) / UNIT);
  range.disabled = most === 0n;
  act("authorize").disabled = most === 0n;
  one("[data-authorize-most]").textContent = `${grouped(state.vault.wallet)} USDT`;
  const text = `${grouped(usdt(chosen()))} USDT`;
  one("[data-authorize-shown]").textContent = text;
  range.setAttribute("aria-valuetext", text);
}

function chosen() {
  const wanted = BigInt(one("[data-authorize-range]").value) * UNIT;
  const most = micro(state.vault.wallet);
  return wanted < most ? wanted : most;
}

function showProblem(error) {
  one("[data-problem]").hidden = error === null;
  if (error === null) return;
  one("[data-problem-title]").textContent = "This page is not up to date.";
  one("[data-problem-text]").textContent = error.message;
}

function showError(place, text = "") {
  const list = one(`[data-error="${place}"]`);
  list.hidden = !text;
  list.querySelector("li").textContent = text;
}

// Asking.

async function refresh() {
  clearTimeout(state.timer);
  let wait = CALM_MS;
  try {
    const [info, balance, transfers] = await Promise.all([
      ask("GET", "/wallet/info"),
      ask("GET", "/account/balance"),
      ask("GET", `/vault/transfers?limit=${SHOWN}`),
    ]);
    const vault = info.address ? await ask("GET", "/vault") : NOTHING;
    show({ address: info.address, vault, balance, transfers: transfers.results });
    showProblem(null);
    one("[data-status]").textContent = info.address ? "As the chain has it now" : "No wallet is linked";
    if (transfers.results.some(isUnderWay)) wait = BUSY_MS;
  } catch (error) {
    showProblem(error);
    one("[data-status]").textContent = "Not updated";
  }
  if (!document.hidden) state.timer = setTimeout(refresh, wait);
}

// Acting. Each is done once at a time, says what it does, and shows what came of it.

async function doing(button, place, words, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  showError(place);
  one("[data-status]").textContent = words;
  try {
    const done = await work();
    if (done) showToast({ title: done, tone: "good" });
  } catch (error) {
    showError(place, error instanceof RefusedError ? error.message : sentenceOf(error));
  }
  button.removeAttribute("aria-busy");
  await refresh();
}

function sentenceOf(error) {
  return error?.message || "The wallet did not sign.";
}

// The wallet whose account is linked, and that account.
async function signer() {
  for (const wallet of state.wallets) {
    const found = await accountOf(wallet, { silent: true }).catch(() => null);
    if (found?.address === state.address) return { wallet, found };
  }
  for (const wallet of state.wallets) {
    const found = await accountOf(wallet).catch(() => null);
    if (found?.address === state.address) return { wallet, found };
  }
  throw new Error("The linked wallet is not in this browser; open the one that holds its key.");
}

async function signed(path, body) {
  const { wallet, found } = await signer();
  const { transaction } = await ask("POST", path, body);
  const sent = await signAndSend(wallet, found, fromBase64(transaction), { node, chain });
  return textOf(sent);
}

async function link(wallet) {
  const found = await accountOf(wallet);
  const { message } = await ask("POST", "/wallet/challenge", { address: found.address });
  const signature = textOf(await signMessage(wallet, found, message));
  await ask("POST", "/wallet/link", { address: found.address, signature });
  return "The wallet is linked.";
}

async function authorize() {
  const amount = chosen();
  if (amount === 0n) throw new Error("Move the slider to the amount that you authorize.");
  await signed("/vault/authorize", { amount: usdt(amount) });
  return `${grouped(usdt(amount))} USDT are authorized.`;
}

async function withdraw() {
  const input = one("#withdraw-amount");
  const amount = plainOf(input.value);
  if (!isAmount(amount)) throw new Error("Enter an amount above zero, with at most six decimals.");
  await ask("POST", "/vault/withdraw", { amount });
  input.value = "";
  return `${grouped(amount)} USDT are on their way.`;
}

const ACTS = {
  deposit: ["authorize", "Depositing", async () => {
    await ask("POST", "/vault/deposit");
    return "The deposit is on its way.";
  }],
  faucet: ["authorize", "Asking the faucet", async () => {
    await node.give(state.address, GIFT_MICRO);
    return "10,000 test USDT are in the wallet.";
  }],
  revoke: ["linked", "Waiting for the wallet", async () => {
    await signed("/vault/revoke");
    return "The authorization is taken back.";
  }],
  unlink: ["linked", "Unlinking", async () => {
    await ask("POST", "/wallet/unlink");
    return "The wallet is unlinked.";
  }],
};

for (const [name, [place, words, work]] of Object.entries(ACTS)) {
  act(name)?.addEventListener("click", ({ currentTarget }) =>
    doing(currentTarget, place, words, work),
  );
}
for (const [name, words, work] of [
  ["authorize", "Waiting for the wallet", authorize],
  ["withdraw", "Asking for the withdrawal", withdraw],
]) {
  one(`[data-form="${name}"]`).addEventListener("submit", (event) => {
    event.preventDefault();
    doing(act(name), name, words, work);
  });
}
act("retry").addEventListener("click", refresh);
act("all").addEventListener("click", () => {
  one("#withdraw-amount").value = state.vault.withdrawable;
});
one("[data-authorize-range]").addEventListener("input", showRange);
document.addEventListener("visibilitychange", refresh);

// Beginning.

function showWallets(wallets) {
  state.wallets = wallets;
  const buttons = wallets.map((wallet) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = `Link ${wallet.name}`;
    button.addEventListener("click", () =>
      doing(button, "link", "Waiting for the wallet", () => link(wallet)),
    );
    return button;
  });
  one("[data-wallets]").replaceChildren(...buttons);
  one("[data-no-wallet]").hidden = wallets.length > 0;
}

const register = watchWallets(showWallets);
showWallets([]);
if (node) register(developmentWallet({ account, linked: () => state.address }));
refresh();
