// The wallets of this browser, found by the event protocol of Wallet Standard.
//
// A wallet that is there before us hears `app-ready` and registers; one that comes later says
// `register-wallet`, and is registered then. The protocol is these two events, so no library is
// needed for it. What is not here: what the page asks of a wallet (wallet.js).

const APP_READY = "wallet-standard:app-ready";
const REGISTER = "wallet-standard:register-wallet";
const CONNECT = "standard:connect";
const SIGN_MESSAGE = "solana:signMessage";
const SIGN = "solana:signTransaction";
const SIGN_AND_SEND = "solana:signAndSendTransaction";

export function watchWallets(tell) {
  const found = [];
  const register = (...wallets) => {
    found.push(...wallets.filter((wallet) => serves(wallet) && !found.includes(wallet)));
    tell([...found]);
    return () => {
      for (const wallet of wallets.filter((one) => found.includes(one))) {
        found.splice(found.indexOf(wallet), 1);
      }
      tell([...found]);
    };
  };
  const api = Object.freeze({ register });
  window.addEventListener(REGISTER, (event) => event.detail(api));
  window.dispatchEvent(new CustomEvent(APP_READY, { detail: api }));
  return register;
}

export function serves({ features = {}, chains = [] }) {
  const isSolana = chains.some((chain) => chain.startsWith("solana:"));
  const signs = SIGN in features || SIGN_AND_SEND in features;
  return isSolana && signs && CONNECT in features && SIGN_MESSAGE in features;
}

export async function accountOf(wallet, { silent = false } = {}) {
  const { accounts } = await wallet.features[CONNECT].connect({ silent });
  if (!accounts.length) throw new Error("The wallet shows no account.");
  return accounts[0];
}

export async function signMessage(wallet, account, text) {
  const message = new TextEncoder().encode(text);
  const [signed] = await wallet.features[SIGN_MESSAGE].signMessage({ account, message });
  return signed.signature;
}

// Signs and sends; returns the signature's bytes. Where the page knows a node (in development),
// the page sends, since no wallet knows that chain; elsewhere the wallet does.
export async function signAndSend(wallet, account, transaction, { node, chain }) {
  if (node && SIGN in wallet.features) {
    const [signed] = await wallet.features[SIGN].signTransaction({ account, transaction, chain });
    return node.send(signed.signedTransaction);
  }
  if (!(SIGN_AND_SEND in wallet.features)) throw new Error("This wallet cannot send.");
  const asked = { account, transaction, chain };
  const [sent] = await wallet.features[SIGN_AND_SEND].signAndSendTransaction(asked);
  return sent.signature;
}
