// One connection to the venue's socket: hears channels, keeps their numbers, and comes back after
// every loss with what it missed. What the numbers mean is not known here.
//
// States: connecting, live, lost. While it is not live nothing on the page may pass for fresh.

const PING_MS = 5_000;
const SILENT_MS = 12_000;
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 15_000;
const KEPT_PINGS = 5;
// Of these every message counts; of the others the newest snapshot says all.
const RESUMED = /^(orders|fills|positions|wallet|trades:.*)$/;

export function openSocket({ channels, onMessage, onState }) {
  const feed = {
    channels,
    onMessage,
    onState,
    numbers: new Map(),
    trips: [],
    tries: 0,
    socket: null,
    state: null,
    heardAt: 0,
    timers: [],
  };
  addEventListener("online", () => feed.state !== "live" && connect(feed));
  connect(feed);
  return { reconnect: () => connect(feed), close: () => leave(feed), feed };
}

function connect(feed) {
  leave(feed);
  tell(feed, "connecting");
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/v1/ws`);
  feed.socket = socket;
  socket.addEventListener("open", () => begin(feed));
  socket.addEventListener("message", ({ data }) => socket === feed.socket && hear(feed, data));
  socket.addEventListener("close", (event) => socket === feed.socket && comeAgain(feed, event));
}

function leave(feed) {
  for (const timer of feed.timers.splice(0)) clearTimeout(timer);
  const { socket } = feed;
  feed.socket = null;
  socket?.close();
}

// Channels whose every message counts are resumed from the last number; the venue answers with
// what was missed, or with a new snapshot.
function begin(feed) {
  feed.heardAt = performance.now();
  const resumed = feed.channels.filter((name) => RESUMED.test(name) && feed.numbers.has(name));
  const fresh = feed.channels.filter((name) => !resumed.includes(name));
  for (const channel of resumed) {
    send(feed, { type: "resume", channel, since: feed.numbers.get(channel) });
  }
  if (fresh.length) send(feed, { type: "subscribe", channels: fresh });
  ping(feed);
}

function send({ socket }, frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function ping(feed) {
  if (performance.now() - feed.heardAt > SILENT_MS) {
    comeAgain(feed, { code: 0, reason: "The venue has gone silent." });
    return;
  }
  feed.pingedAt = { wall: Date.now(), ticks: performance.now() };
  send(feed, { type: "ping" });
  feed.timers.push(setTimeout(() => ping(feed), PING_MS));
}

function hear(feed, data) {
  feed.heardAt = performance.now();
  const frame = JSON.parse(data);
  if (frame.type === "pong") measure(feed, frame.sent_at);
  else if (frame.channel) take(feed, frame);
  if (frame.error) feed.onMessage({ channel: "errors", type: "error", data: frame.error });
}

// A number that was skipped is asked for; one that was seen is a repetition.
function take(feed, frame) {
  const { channel, seq, type } = frame;
  const last = feed.numbers.get(channel);
  if (type !== "snapshot" && last !== undefined) {
    if (seq <= last) return;
    if (seq > last + 1) {
      send(feed, { type: "resume", channel, since: last });
      return;
    }
  }
  feed.numbers.set(channel, seq);
  feed.tries = 0;
  tell(feed, "live");
  feed.onMessage(frame);
}

// The quickest of the last trips says best how far the clocks are apart.
function measure(feed, sentAt) {
  const tripMs = performance.now() - feed.pingedAt.ticks;
  feed.trips.push({ tripMs, skewMs: feed.pingedAt.wall + tripMs / 2 - sentAt });
  if (feed.trips.length > KEPT_PINGS) feed.trips.shift();
  const best = feed.trips.reduce((one, other) => (other.tripMs < one.tripMs ? other : one));
  feed.onState({ state: feed.state, tripMs: best.tripMs, skewMs: Math.round(best.skewMs) });
}

function comeAgain(feed, { code, reason }) {
  leave(feed);
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** feed.tries);
  feed.tries += 1;
  tell(feed, "lost", { code, reason, wait });
  feed.timers.push(setTimeout(() => connect(feed), wait * (0.75 + Math.random() / 2)));
}

function tell(feed, state, more = {}) {
  if (feed.state === state) return;
  feed.state = state;
  feed.onState({ state, ...more });
}
