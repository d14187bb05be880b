// The drawing on the landing page: the public bid, mid and ask as three lines, orders in the dark
// around them, and prints that surface on the lines only. Seeded, so it is the same for everyone;
// it is an illustration and reads no market. Stands still where motion is not wanted.

const SEED = 20260;
const STEP_SECONDS = 0.8;
const PIXELS_PER_SECOND = 15;
const FRAME_MS = 1000 / 30;
const NOW_AT = 0.86;
const INK = { order: "#0f1417", outer: "#343f45", mid: "#59666c", now: "#1b2125" };
const LUME = [228, 239, 160];
const DIM = [92, 99, 66];

export function attachPool(root) {
  const figure = root.querySelector("[data-pool]");
  if (!figure) return;
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  figure.append(canvas);
  const pool = { canvas, context: canvas.getContext("2d"), walk: new Walk(SEED), seconds: 200 };
  new ResizeObserver(() => fit(pool)).observe(figure);
  fit(pool);
  document.fonts.ready.then(() => draw(pool));
  const isStill = figure.dataset.pool === "still";
  if (!isStill && !matchMedia("(prefers-reduced-motion: reduce)").matches) animate(pool, figure, root);
}

function fit(pool) {
  const { clientWidth, clientHeight } = pool.canvas;
  const ratio = Math.min(2, devicePixelRatio || 1);
  pool.canvas.width = Math.round(clientWidth * ratio);
  pool.canvas.height = Math.round(clientHeight * ratio);
  pool.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  draw(pool);
}

function animate(pool, figure, root) {
  let isSeen = false;
  let isPaused = false;
  let last = 0;
  const frame = (now) => {
    if (!isSeen || isPaused) return;
    requestAnimationFrame(frame);
    if (now - last < FRAME_MS) return;
    pool.seconds += Math.min(0.1, (now - last) / 1000);
    last = now;
    draw(pool);
  };
  const start = () => requestAnimationFrame((now) => ((last = now), frame(now)));
  new IntersectionObserver(([entry]) => {
    const wasSeen = isSeen;
    isSeen = entry.isIntersecting;
    if (isSeen && !wasSeen) start();
  }).observe(figure);
  const button = root.querySelector("[data-pool-pause]");
  button.classList.add("pool-pause-ready");
  button.addEventListener("click", () => {
    isPaused = !isPaused;
    button.textContent = isPaused ? "Resume the drawing" : "Pause the drawing";
    if (!isPaused) start();
  });
}

// What stands at each step of time: reference levels in units of the figure's height, the print
// of the step if there is one, and the orders resting unseen.
class Walk {
  constructor(seed) {
    this.random = mulberry(seed);
    this.steps = [];
    this.level = 0.5;
    this.half = 0.13;
  }

  at(index) {
    while (this.steps.length <= index) this.steps.push(this.next());
    return this.steps[index];
  }

  next() {
    const { random } = this;
    if (random() < 0.2) {
      this.level += (random() - 0.5) * 0.11 + (0.5 - this.level) * 0.12;
      this.half = 0.08 + random() * 0.09;
    }
    const point = random() < 0.62 ? 0 : random() < 0.5 ? -1 : 1;
    const print = random() < 0.34 ? { point, size: 0.25 + random() ** 3, at: random() } : null;
    const orders = Array.from({ length: 3 }, () => ({
      y: 0.04 + random() * 0.92,
      long: 0.8 + random() * 5,
      at: random(),
    }));
    return { level: this.level, half: this.half, print, orders };
  }
}

function draw({ canvas, context, walk, seconds }) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const now = width * NOW_AT;
  const xOf = (time) => now - (seconds - time) * PIXELS_PER_SECOND;
  const first = Math.max(0, Math.floor((seconds - now / PIXELS_PER_SECOND) / STEP_SECONDS) - 8);
  const last = Math.floor(seconds / STEP_SECONDS);
  const scene = { context, walk, height, width, now, xOf, first, last, seconds };
  context.clearRect(0, 0, width, height);
  drawOrders(scene);
  for (const point of [-1, 0, 1]) drawLine(scene, point);
  drawPrints(scene);
  drawNow(scene);
}

const yOf = ({ level, half }, point, height) => Math.round((level - point * half) * height) + 0.5;

function drawOrders({ context, walk, height, now, xOf, first, last }) {
  context.fillStyle = INK.order;
  for (let index = first; index <= last; index += 1) {
    const step = walk.at(index);
    for (const { y, long, at } of step.orders) {
      const x = xOf((index + at) * STEP_SECONDS);
      const end = Math.min(now, x + long * STEP_SECONDS * PIXELS_PER_SECOND);
      if (end > x) context.fillRect(x, Math.round(y * height), end - x, 2);
    }
  }
}

function drawLine({ context, walk, height, width, now, xOf, first, last }, point) {
  context.strokeStyle = point === 0 ? INK.mid : INK.outer;
  context.lineWidth = 1;
  context.beginPath();
  for (let index = first; index <= last; index += 1) {
    const y = yOf(walk.at(index), point, height);
    const x = Math.max(-1, xOf(index * STEP_SECONDS));
    if (index === first) context.moveTo(x, y);
    context.lineTo(x, y);
    context.lineTo(Math.min(now, xOf((index + 1) * STEP_SECONDS)), y);
  }
  context.stroke();
  context.setLineDash([1, 5]);
  context.beginPath();
  const y = yOf(walk.at(last), point, height);
  context.moveTo(now, y);
  context.lineTo(width, y);
  context.stroke();
  context.setLineDash([]);
}

function drawPrints({ context, walk, height, now, xOf, first, last, seconds }) {
  for (let index = first; index <= last; index += 1) {
    const step = walk.at(index);
    const time = step.print && (index + step.print.at) * STEP_SECONDS;
    if (time === null || time > seconds) continue;
    const age = seconds - time;
    const rise = Math.min(1, age / 0.5);
    const long = step.print.size * height * 0.11 * (1 - (1 - rise) ** 3);
    context.fillStyle = mix(Math.min(1, age / 26));
    const y = yOf(step, step.print.point, height);
    context.fillRect(Math.round(xOf(time)), y - long / 2, 2, long);
    if (age < 1.6) glow(context, { x: Math.round(xOf(time)) + 1, y, now, height }, age / 1.6);
  }
}

// A ring that spreads over what has happened; right of the present stand the names of the lines.
function glow(context, { x, y, now, height }, progress) {
  context.save();
  context.beginPath();
  context.rect(0, 0, Math.round(now), height);
  context.clip();
  context.strokeStyle = `rgb(${LUME.join(" ")} / ${0.55 * (1 - progress)})`;
  context.lineWidth = 1;
  context.beginPath();
  context.arc(x, y, 4 + 26 * (1 - (1 - progress) ** 3), 0, Math.PI * 2);
  context.stroke();
  context.restore();
}

function drawNow({ context, walk, height, now, xOf, last, seconds }) {
  context.fillStyle = INK.now;
  context.fillRect(Math.round(now), 0, 1, height);
  drawScale({ context, height, now, xOf, seconds });
  context.font = '400 12px "Mona Sans", sans-serif';
  context.fillStyle = "#8a9494";
  context.textBaseline = "bottom";
  for (const [point, name] of [[1, "ask"], [0, "mid"], [-1, "bid"]]) {
    context.fillText(name, now + 10, yOf(walk.at(last), point, height) - 3);
  }
}

// Graduations of time along the foot: one each five seconds, a long one each half minute.
function drawScale({ context, height, now, xOf, seconds }) {
  context.fillStyle = INK.outer;
  const newest = Math.floor(seconds / 5) * 5;
  for (let time = newest; xOf(time) > 0; time -= 5) {
    const long = time % 30 === 0 ? 10 : 4;
    if (xOf(time) < now) context.fillRect(Math.round(xOf(time)), height - long, 1, long);
  }
}

function mix(share) {
  return `rgb(${LUME.map((lit, channel) => Math.round(lit + (DIM[channel] - lit) * share)).join(" ")})`;
}

function mulberry(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
