// Orders on their way: shown at once among the open ones, as sent and never as taken, until the venue
// has told of them by the name that the page gave them (their client order id). One whose answer was
// lost is asked for until it is known what became of it.
import { read } from "./rest.js";

const ASK_EVERY_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
// Not found means not arrived only when there was time to arrive.
const UNFOUND_TIMES = 3;
const DOUBTFUL = new Set(["UNREACHABLE", "UNAVAILABLE", "INTERNAL_ERROR", "DUPLICATE_CLIENT_ORDER_ID"]);

export const isDoubtful = ({ code }) => DOUBTFUL.has(code);
export const isOnItsWay = ({ status }) => status === "SENDING" || status === "UNKNOWN";

export function wayText({ status }) {
  return { SENDING: "sending", UNKNOWN: "unknown, asking" }[status] ?? "";
}

export function setOut(store, body) {
  store.values.sending.set(body.client_order_id, {
    limit_price: null,
    trigger: null,
    ...body,
    id: `sending ${body.client_order_id}`,
    filled_size: "0",
    leaves_size: body.size,
    status: "SENDING",
    created_at: Date.now(),
  });
  store.touch("orders");
}

export function doubt(store, clientOrderId) {
  const { sending } = store.values;
  const order = sending.get(clientOrderId);
  if (order) sending.set(clientOrderId, { ...order, status: "UNKNOWN" });
  store.touch("orders");
}

export function arrived(store, { client_order_id: name }) {
  if (store.values.sending.delete(name)) store.touch("orders");
}

export function forget(store, clientOrderId) {
  store.values.sending.delete(clientOrderId);
  store.touch("orders");
}

// The order as the venue has it; null where it says often enough that it has none. While the venue
// cannot be reached there is no answer: it is asked on, ever more seldom.
export async function whatBecameOf(clientOrderId) {
  let waitMs = ASK_EVERY_MS;
  for (let unfound = 0; unfound < UNFOUND_TIMES; ) {
    try {
      return await read(`/orders/by-client-id/${clientOrderId}`);
    } catch (refused) {
      if (refused.code === "NOT_FOUND") unfound += 1;
      else waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    }
    await new Promise((done) => setTimeout(done, waitMs));
  }
  return null;
}
