// Bytes as docs/PROOFS.md writes them: little endian, tags of 16, SHA-256 and HMAC by the browser.

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const KEY_SIZE = 32;
const TAG_SIZE = 16;

export const fromHex = (text) =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

export const hex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const tag = (name) => join(new TextEncoder().encode(name), new Uint8Array(TAG_SIZE - name.length));

// A whole number of so many bytes; a negative one in two's complement.
export function whole(value, size) {
  let left = BigInt.asUintN(size * 8, BigInt(value));
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 1, left >>= 8n) bytes[at] = Number(left & 255n);
  return bytes;
}

export const u64 = (value) => whole(value, 8);

export const readU64 = (bytes, at) =>
  new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);

export const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));

export async function hmac(key, ...parts) {
  const kind = { name: "HMAC", hash: "SHA-256" };
  const made = await crypto.subtle.importKey("raw", key, kind, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", made, join(...parts)));
}

// The 32 bytes of an address as Solana writes it.
export function fromBase58(text) {
  let number = 0n;
  for (const letter of text) number = number * 58n + BigInt(ALPHABET.indexOf(letter));
  return whole(number, KEY_SIZE).reverse();
}
