// The development wallet: a Wallet Standard wallet for browsers without one, in development only.
//
// Its key lies in the browser's storage, where every script of this site could read it: it is for
// the development chain, whose money is worth nothing. The account's own development wallet, which
// the venue makes where a program asks for test USDT, has a key that everybody can work out; where
// that one is linked, this wallet takes it. It signs with the browser's own Ed25519.

import { base58, base64, fromBase64 } from "./base58.js";

const PLACE = "godark.development-wallet.";
// What stands before 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410).
const PKCS8 = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const SIGNATURE = 64;
const CHAIN = "solana:localnet";

export function developmentWallet({ account, linked }) {
  let opened = null;
  const open = async () => (opened ??= await openKey(account, linked()));
  const sign = async (bytes) => {
    const { key } = await open();
    return new Uint8Array(await crypto.subtle.sign("Ed25519", key, bytes));
  };
  const connect = async () => ({ accounts: [(await open()).account] });
  const signMessage = (...inputs) =>
    Promise.all(
      inputs.map(async ({ message }) => ({ signedMessage: message, signature: await sign(message) })),
    );
  const signTransaction = (...inputs) =>
    Promise.all(
      inputs.map(async ({ transaction }) => ({ signedTransaction: await signed(transaction, sign) })),
    );
  return Object.freeze({
    version: "1.0.0",
    name: "Development wallet",
    icon: "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=",
    chains: [CHAIN],
    accounts: [],
    features: {
      "standard:connect": { version: "1.0.0", connect },
      "solana:signMessage": { version: "1.0.0", signMessage },
      "solana:signTransaction": {
        version: "1.0.0",
        supportedTransactionVersions: ["legacy"],
        signTransaction,
      },
    },
  });
}

async function openKey(account, linked) {
  const known = await wellKnownSeed(account);
  const kept = localStorage.getItem(PLACE + account);
  const own = kept ? fromBase64(kept) : crypto.getRandomValues(new Uint8Array(32));
  const seeds = linked ? [own, known] : [own];
  const keys = await Promise.all(seeds.map(imported));
  const chosen = keys.find(({ address }) => address === linked) ?? keys[0];
  if (linked && chosen.address !== linked) {
    throw new Error("The linked wallet is not this browser's: its key lies elsewhere.");
  }
  localStorage.setItem(PLACE + account, base64(chosen.seed));
  return {
    key: chosen.key,
    account: Object.freeze({
      address: chosen.address,
      publicKey: chosen.publicKey,
      chains: [CHAIN],
      features: ["solana:signMessage", "solana:signTransaction"],
    }),
  };
}

async function wellKnownSeed(account) {
  const name = new TextEncoder().encode(`godark development wallet ${account}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", name));
}

async function imported(seed) {
  const bytes = Uint8Array.from([...PKCS8, ...seed]);
  const key = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", true, ["sign"]).catch(() => {
    throw new Error("This browser cannot sign with Ed25519; take a newer one.");
  });
  const { x } = await crypto.subtle.exportKey("jwk", key);
  const publicKey = fromBase64(x.replaceAll("-", "+").replaceAll("_", "/"));
  return { seed, key, publicKey, address: base58(publicKey) };
}

// Puts our signature into the first place of a transaction, which is the payer's: a count below
// 128, so many signatures, and the message that is signed.
async function signed(transaction, sign) {
  const made = Uint8Array.from(transaction);
  made.set(await sign(made.slice(1 + made[0] * SIGNATURE)), 1);
  return made;
}
