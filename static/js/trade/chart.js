// The chart: candles of the index or of GoDark's own trades, averages and volume; one's own lines are
// in chart-lines.js. Places on a screen, not money: floats will do here.
import * as charts from "../../vendor/lightweight-charts/lightweight-charts.js";
import { attachLines } from "./chart-lines.js";
import { element, remember, remembered, say } from "./dom.js";
import { decimalOf } from "./exact.js";
import { read } from "./rest.js";
import { grouped } from "../notation.js";

const INTERVALS = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14_400, "1d": 86_400 };
const SOURCES = { index: "Index", trades: "GoDark trades" };
const OVERLAYS = { ma20: "MA 20", ma50: "MA 50", volume: "Volume", orders: "My lines" };
const INK = { grid: "#11161a", text: "#8a9494", up: "#4cc9a6", down: "#ff8270", lume: "#e4efa0", blue: "#7fb4d6" };
const LIMIT = 500;

export function attachChart(root, store) {
  const box = root.querySelector("[data-chart-box]");
  const chart = charts.createChart(box, optionsOf(box));
  const view = {
    root,
    store,
    chart,
    candles: chart.addSeries(charts.CandlestickSeries, { upColor: INK.up, downColor: INK.down, wickUpColor: INK.up, wickDownColor: INK.down, borderVisible: false }),
    area: chart.addSeries(charts.AreaSeries, { lineColor: INK.lume, lineWidth: 2, topColor: "#e4efa030", bottomColor: "#e4efa000", visible: false }),
    volume: chart.addSeries(charts.HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false }),
    averages: { ma20: lineOn(chart, INK.lume), ma50: lineOn(chart, INK.blue) },
    bars: [],
    choice: remembered("chart", { interval: "5m", source: "index", overlays: ["ma20", "volume", "orders"] }),
  };
  chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  view.lines = attachLines({ box, chart, series: view.candles, store, isWanted: () => view.choice.overlays.includes("orders") });
  attachChoices(view);
  new ResizeObserver(() => {
    chart.resize(box.clientWidth, box.clientHeight);
    requestAnimationFrame(view.lines.show);
  }).observe(box);
  chart.subscribeCrosshairMove((event) => showLegend(view, event));
  store.on(["ticker", "trades"], () => follow(view));
  store.on(["mode"], ({ mode }) => {
    view.candles.applyOptions({ visible: mode !== "basic" });
    view.area.applyOptions({ visible: mode === "basic" });
  });
  store.on(["market"], ({ market }) => market && setTick(view, market.tick_size));
  setInterval(() => document.visibilityState === "visible" && load(view), 60_000);
  load(view, { isNew: true });
  return { reload: () => load(view) };
}

function optionsOf(box) {
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    layout: { background: { color: "#06080a" }, textColor: INK.text, fontFamily: '"Mona Sans", sans-serif', fontSize: 11, attributionLogo: true },
    grid: { vertLines: { color: INK.grid }, horzLines: { color: INK.grid } },
    crosshair: { mode: charts.CrosshairMode.Normal },
    rightPriceScale: { borderColor: INK.grid, scaleMargins: { top: 0.08, bottom: 0.2 } },
    timeScale: { borderColor: INK.grid, timeVisible: true, secondsVisible: false, rightOffset: 6 },
  };
}

function lineOn(chart, color) {
  return chart.addSeries(charts.LineSeries, { color, lineWidth: 1, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false });
}

function attachChoices(view) {
  const { root, choice } = view;
  const intervals = Object.fromEntries(Object.keys(INTERVALS).map((name) => [name, name]));
  chips(root.querySelector("[data-intervals]"), intervals, () => [choice.interval], (name) => {
    choice.interval = name;
    load(view, { isNew: true });
  });
  chips(root.querySelector("[data-sources]"), SOURCES, () => [choice.source], (name) => {
    choice.source = name;
    load(view, { isNew: true });
  });
  chips(root.querySelector("[data-overlays]"), OVERLAYS, () => choice.overlays, (name) => {
    const isOn = choice.overlays.includes(name);
    choice.overlays = isOn ? choice.overlays.filter((one) => one !== name) : [...choice.overlays, name];
    draw(view);
    view.lines.show();
  });
}

function chips(place, names, chosen, choose) {
  const show = () => {
    for (const chip of place.children) chip.setAttribute("aria-pressed", String(chosen().includes(chip.dataset.name)));
  };
  for (const [name, text] of Object.entries(names)) {
    const press = () => {
      choose(name);
      show();
    };
    place.append(element("button", { type: "button", class: "chip", "data-name": name, onclick: press }, text));
  }
  show();
}

async function load(view, { isNew = false } = {}) {
  const { choice, store } = view;
  remember("chart", choice);
  const wanted = `${choice.interval} ${choice.source}`;
  const query = { interval: choice.interval, source: choice.source, limit: LIMIT };
  const page = await read(`/markets/${store.values.symbol}/candles`, query).catch(() => null);
  if (!page || wanted !== `${choice.interval} ${choice.source}`) return;
  view.bars = page.results.toReversed().map((candle) => ({
    time: candle.opened_at / 1000,
    open: Number(candle.open),
    high: Number(candle.high),
    low: Number(candle.low),
    close: Number(candle.close),
    volume: Number(candle.volume),
  }));
  draw(view);
  follow(view);
  if (isNew) view.chart.timeScale().setVisibleLogicalRange({ from: view.bars.length - Math.min(110, Math.max(50, view.bars.length)), to: view.bars.length + 6 });
}

function draw(view) {
  const { bars, choice } = view;
  say(view.root.querySelector("[data-chart-empty]"), choice.source === "index" ? "No minute of the index has been kept yet." : "Nothing has traded on GoDark here yet.");
  view.root.querySelector("[data-chart-empty]").hidden = bars.length > 0;
  view.candles.setData(bars);
  view.area.setData(bars.map(({ time, close }) => ({ time, value: close })));
  const volume = choice.overlays.includes("volume") ? bars : [];
  view.volume.setData(volume.map((bar) => ({ time: bar.time, value: bar.volume, color: bar.close >= bar.open ? "#16392f" : "#43231d" })));
  for (const [name, length] of [["ma20", 20], ["ma50", 50]]) {
    view.averages[name].setData(choice.overlays.includes(name) ? averageOf(bars, length) : []);
  }
  showLegend(view, {});
  view.lines?.show();
}

function averageOf(bars, length) {
  const points = [];
  let sum = 0;
  bars.forEach((bar, index) => {
    sum += bar.close - (index >= length ? bars[index - length].close : 0);
    if (index >= length - 1) points.push({ time: bar.time, value: sum / length });
  });
  return points;
}

// The newest candle ends where the figure is.
function follow(view) {
  const { choice, store, bars } = view;
  const { ticker, trades, skewMs = 0 } = store.values;
  const price = choice.source === "index" ? ticker?.index_price : trades[0]?.price;
  if (!price || !bars.length) return;
  const step = INTERVALS[choice.interval];
  const now = choice.source === "index" ? Date.now() - skewMs : trades[0].executed_at;
  const time = Math.floor(now / 1000 / step) * step;
  const last = bars.at(-1);
  const value = Number(price);
  if (time < last.time) return;
  if (time > last.time) bars.push({ time, open: value, high: value, low: value, close: value, volume: 0 });
  const bar = bars.at(-1);
  bar.close = value;
  bar.high = Math.max(bar.high, value);
  bar.low = Math.min(bar.low, value);
  view.candles.update(bar);
  view.area.update({ time: bar.time, value: bar.close });
  if (!view.isHovering) showLegend(view, {});
}

function setTick(view, tick) {
  const half = decimalOf(1n, tick, 2n);
  const precision = (half.split(".")[1] ?? "").length;
  view.chart.applyOptions({ localization: { priceFormatter: (price) => grouped(price.toFixed(precision)) } });
  for (const series of [view.candles, view.area]) series.applyOptions({ priceFormat: { type: "price", precision, minMove: Number(half) } });
}

function showLegend(view, { seriesData }) {
  const hovered = seriesData?.get(view.candles);
  view.isHovering = Boolean(hovered);
  const bar = hovered ?? view.bars.at(-1);
  const { market } = view.store.values;
  if (!bar || !market) return;
  const places = (decimalOf(1n, market.tick_size, 2n).split(".")[1] ?? "").length;
  const written = (price) => grouped(price.toFixed(places));
  const change = ((bar.close / bar.open - 1) * 100).toFixed(2);
  say(view.root.querySelector("[data-chart-legend]"), `O ${written(bar.open)}  H ${written(bar.high)}  L ${written(bar.low)}  C ${written(bar.close)}  ${change > 0 ? "+" : ""}${change}%`);
}
