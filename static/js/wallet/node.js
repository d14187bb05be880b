// The browser's way to the development chain: Solana's JSON-RPC, and the chain's own faucet.

import { base58, base64 } from "./base58.js";

const PATIENCE_MS = 30_000;
const LOOK_MS = 150;
const NOT_YET = new Set([undefined, "processed"]);

export class ChainNode {
  #url;

  constructor(url) {
    this.#url = url;
  }

  async ask(method, ...params) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(this.#url, { method: "POST", headers, body }).catch(() => null);
    if (!answer?.ok) throw new Error("The development chain does not answer.");
    const { result, error } = await answer.json();
    if (error) throw new Error(`The chain refuses: ${error.message}`);
    return result;
  }

  // Sends a signed transaction, waits until it is confirmed, and returns its signature's bytes.
  async send(signed) {
    const text = await this.ask("sendTransaction", base64(signed), { encoding: "base64" });
    await this.#confirmed(text);
    return text;
  }

  // Gives a wallet what it needs: test USDT, and SOL for rent and fees.
  async give(address, microUsdt) {
    await this.ask("requestAirdrop", address, 2_000_000_000);
    const text = await this.ask("devchain_faucet", address, microUsdt);
    await this.#confirmed(text);
  }

  async #confirmed(signature) {
    const ends = Date.now() + PATIENCE_MS;
    while (Date.now() < ends) {
      const { value } = await this.ask("getSignatureStatuses", [signature]);
      if (value[0]?.err) throw new Error("The chain took the transaction and it failed.");
      if (!NOT_YET.has(value[0]?.confirmationStatus)) return;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    throw new Error("The chain has not confirmed it yet; look again in a moment.");
  }
}

export const textOf = (signature) =>
  typeof signature === "string" ? signature : base58(signature);
