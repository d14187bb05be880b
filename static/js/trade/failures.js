// Every code that the venue may answer with, and every reason for which an order may end: a
// sentence that a person understands, and the next step. A test holds it against the server's lists.

const TABLE = {
  // The request itself.
  VALIDATION_ERROR: ["Something in this form is not as it should be.", "Look at the marked field."],
  METHOD_NOT_ALLOWED: ["The venue does not take this request.", "Reload the page."],
  PAYLOAD_TOO_LARGE: ["The request was too large.", "Send less at once."],
  UNSUPPORTED_MEDIA_TYPE: ["The venue could not read the request.", "Reload the page."],
  // Who asks, and may they.
  AUTHENTICATION_FAILED: ["You are not logged in any more.", "Log in again; nothing was sent."],
  TWO_FACTOR_REQUIRED: ["A code from your authenticator is needed.", "Log in again with the code."],
  TIMESTAMP_OUT_OF_WINDOW: ["Your clock and the venue's are too far apart.", "Set your clock."],
  REPLAYED_REQUEST: ["This request was sent before.", "Look at your open orders before you repeat it."],
  PERMISSION_DENIED: ["You may not do this.", "Reload the page; if it stays, write to support."],
  KYC_REQUIRED: ["Your account has to be verified first.", "Verify it; closing positions stays open."],
  TOS_REQUIRED: ["The terms have changed.", "Read and accept them, then try again."],
  ACCOUNT_FROZEN: ["Your account is frozen.", "Write to support; your funds stay yours."],
  NOT_FOUND: ["There is no such thing here any more.", "Reload the page to see what there is."],
  RATE_LIMIT_EXCEEDED: ["Too many requests in a short time.", "Wait a few seconds and try again."],
  REGION_RESTRICTED: ["This is not offered where you are.", "Canceling, closing and withdrawing stay open."],
  // The engine said no.
  DUPLICATE_CLIENT_ORDER_ID: ["This order was sent before.", "Look at your open orders before you repeat it."],
  WALLET_TAKEN: ["This wallet belongs to another account.", "Link another wallet."],
  DEPOSIT_UNDER_WAY: ["A deposit is under way already.", "Wait until it has arrived."],
  FUNDS_REMAIN: ["There are still funds or positions.", "Close and withdraw them first."],
  INSUFFICIENT_COLLATERAL: ["Your free balance does not carry this.", "Lower the size, raise the leverage or deposit."],
  POSITION_SIZE_EXCEEDED: ["With all your orders filled, the position would be too large.", "Lower the size or cancel orders."],
  OPEN_INTEREST_EXCEEDED: ["The market as a whole is at its limit.", "Lower the size, or wait."],
  LEVERAGE_TOO_HIGH: ["A position of this size may not have this leverage.", "Lower the leverage or the size."],
  LEVERAGE_MISMATCH: ["The leverage of this market was changed elsewhere.", "Look at the leverage and send again."],
  ORDER_NOT_OPEN: ["The order has ended already.", "Look at your order history for how."],
  MARKET_CLOSED: ["The market does not take this order now.", "Its state at the top says what it takes."],
  INVALID_PRICE: ["The price is not one that this market takes.", "Choose a multiple of the tick."],
  INVALID_SIZE: ["The size is not one that this market takes.", "Choose a multiple of the lot within the bounds."],
  WOULD_NOT_FILL: ["The whole, or the minimum, could not be filled at once.", "Lower it, or let the order rest."],
  PROBING_LIMIT: ["Too many immediate orders have found nothing.", "Wait a minute, or let the order rest."],
  REDUCE_ONLY_REJECTED: ["There is nothing that this order could reduce.", "Switch off reduce-only."],
  NO_REFERENCE_PRICE: ["There is no reference price young enough to trade at.", "Wait a moment, or let a limit order rest."],
  LIQUIDATION_PENDING: ["This position is waiting to be liquidated.", "Only closing it is possible."],
  INVALID_ORDER: ["Two options of this order exclude each other.", "Switch one of them off."],
  INVALID_AMOUNT: ["The amount is not one that is possible here.", "Lower it; at most six decimals."],
  STRESS_LIMIT_EXCEEDED: ["The market carries no more risk at this leverage.", "Lower the leverage."],
  OPEN_ORDERS_EXCEEDED: ["You have as many open orders as your tier allows.", "Cancel some first."],
  // The world broke.
  INTERNAL_ERROR: ["Something went wrong on our side.", "Look at your open orders before you repeat it."],
  SETTLEMENT_DELAYED: ["Settlement on chain is late.", "Only reducing is possible until it arrives."],
  UNAVAILABLE: ["A part of the venue does not answer.", "Wait a moment and try again."],
  UNREACHABLE: ["The venue could not be reached.", "Check your connection, then your open orders."],
  // Why an order ended without the venue having refused it.
  UNFILLED_REMAINDER: ["The rest could not be filled at once.", "Send it again, or let it rest."],
  BELOW_MINIMUM: ["What was left fell below the order's minimum.", "Send the rest without a minimum."],
  SELF_TRADE: ["It would have traded with your own order.", "Cancel the other order first."],
  REDUCE_ONLY: ["It was more than the position holds.", "Nothing is left to reduce."],
  USER_REQUEST: ["Canceled by you.", "Place it anew if you still want it."],
  CANCEL_ALL_AFTER: ["Canceled by your dead-man switch.", "Arm it anew in time."],
  EXPIRED: ["Its time was over.", "Send it again with a later date."],
  LIQUIDATION: ["The position is being liquidated.", "Add margin earlier next time."],
  MARKET_REDUCE_ONLY: ["The market only reduces now.", "Wait until it is active again."],
  MARKET_DELISTED: ["The market is delisted.", "Choose another market."],
  POSITION_CLOSED: ["The position that it protected is closed.", "Protect a new position anew."],
  FILL_WORSENS_POSITION: ["The fill would have left too little equity.", "Add margin, or lower the size."],
};

export const codes = Object.keys(TABLE);

// What happened and what to do, as one text; an unknown code is told by the venue's own sentence.
export function explain(code, detail = "") {
  const [sentence, next] = TABLE[code] ?? [detail || "The venue said no.", ""];
  return [sentence, next].filter(Boolean).join(" ");
}

export const reasonOf = (code) => (code ? (TABLE[code]?.[0] ?? code) : "");
