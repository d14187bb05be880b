// A table of any length: only the rows that are seen are in the page. Rows keep their elements, so
// that a button stays under the finger while numbers move. Sorting is by value, never by text. On a
// phone a row is a card, each value under its name, and the heads are what one sorts by: the style
// says so, and what a row is high is measured. All rows of a table are as high as its first.
import { element, say } from "./dom.js";

const ROW_PX = 30;
const BEYOND = 6;
const NO_MATCH = "Nothing here matches. Change the filter to see more.";

// A column: id, name, text(row), and where needed value(row) to sort by, tone(row), make(row, grid)
// for what is made once per row, update(element, row) for what is in it. `ageOf` says of when a row is
// that may not pass for one of now.
export function createGrid({ label, columns, keyOf, empty, sort, ageOf = () => "" }) {
  const grid = { columns, keyOf, ageOf, rows: [], all: [], sort: sort ?? null, filter: () => true, made: new Map(), rowPx: null };
  grid.body = element("tbody");
  grid.above = element("tr", { "aria-hidden": "true", class: "grid-space" });
  grid.below = element("tr", { "aria-hidden": "true", class: "grid-space" });
  grid.head = element("tr", { role: "row" }, ...columns.map((column) => headOf(grid, column)));
  // Said outright: a table that is laid out as cards is none for every reader.
  grid.table = element("table", { class: "grid", role: "table" }, element("thead", { role: "rowgroup" }, grid.head), grid.body);
  grid.body.setAttribute("role", "rowgroup");
  grid.empty = element("p", { class: "tables-empty" });
  grid.emptyText = empty;
  grid.scroller = element("div", { class: "grid-scroll", tabindex: "0", role: "region", "aria-label": label, onscroll: () => draw(grid) }, grid.table, grid.empty);
  new ResizeObserver(() => {
    grid.rowPx = null;
    draw(grid);
  }).observe(grid.scroller);
  grid.body.append(grid.above, grid.below);
  return {
    element: grid.scroller,
    show(rows, filter = () => true) {
      grid.all = rows;
      grid.filter = filter;
      arrange(grid);
    },
    csv: () => csvOf(grid),
    get shown() {
      return grid.rows;
    },
  };
}

function headOf(grid, column) {
  const press = () => {
    const isDown = grid.sort?.id === column.id && grid.sort.isDown;
    grid.sort = { id: column.id, isDown: !isDown };
    arrange(grid);
  };
  const inside = column.value ? element("button", { type: "button", class: "sort", onclick: press }, column.name) : column.name || element("span", { class: "visually-hidden" }, "Actions");
  return element("th", { scope: "col", role: "columnheader", class: column.numeric ? "numeric" : "", "data-column": column.id }, inside);
}

function arrange(grid) {
  const { sort, columns } = grid;
  grid.rows = grid.all.filter(grid.filter);
  const column = sort && columns.find(({ id }) => id === sort.id);
  if (column) {
    const way = sort.isDown ? -1 : 1;
    const valued = grid.rows.map((row) => [column.value(row), row]);
    valued.sort(([one], [other]) => (one === other ? 0 : one === null ? 1 : other === null ? -1 : one < other ? -way : way));
    grid.rows = valued.map(([, row]) => row);
  }
  for (const head of grid.head.children) {
    if (head.dataset.column === sort?.id) head.setAttribute("aria-sort", sort.isDown ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  draw(grid);
}

function draw(grid) {
  const { scroller, rows, body } = grid;
  grid.empty.hidden = rows.length > 0;
  say(grid.empty, grid.all.length ? NO_MATCH : grid.emptyText);
  grid.table.hidden = rows.length === 0;
  const height = scroller.clientHeight;
  if (!height && rows.length) return;
  const rowPx = grid.rowPx ?? ROW_PX;
  const first = Math.max(0, Math.floor(scroller.scrollTop / rowPx) - BEYOND);
  const last = Math.min(rows.length, Math.ceil((scroller.scrollTop + height) / rowPx) + BEYOND);
  const seen = rows.slice(first, last);
  const keys = new Set(seen.map(grid.keyOf));
  for (const [key, made] of grid.made) {
    if (keys.has(key)) continue;
    made.tr.remove();
    grid.made.delete(key);
  }
  let before = grid.above;
  seen.forEach((row, index) => {
    const made = rowOf(grid, row);
    made.tr.setAttribute("aria-rowindex", String(first + index + 2));
    if (before.nextSibling !== made.tr) before.after(made.tr);
    before = made.tr;
  });
  grid.table.setAttribute("aria-rowcount", String(rows.length + 1));
  grid.above.style.height = `${first * rowPx}px`;
  grid.below.style.height = `${(rows.length - last) * rowPx}px`;
  if (body.lastChild !== grid.below) body.append(grid.below);
  if (grid.rowPx === null && seen.length) {
    grid.rowPx = grid.made.get(grid.keyOf(seen[0])).tr.offsetHeight || ROW_PX;
    if (grid.rowPx !== rowPx) draw(grid);
  }
}

function rowOf(grid, row) {
  const key = grid.keyOf(row);
  let made = grid.made.get(key);
  if (!made) {
    const cells = grid.columns.map((column, index) => {
      const own = index ? { role: "cell" } : { scope: "row", role: "rowheader" };
      const cell = element(index ? "td" : "th", { class: `${column.numeric ? "numeric" : ""} ${column.moves ? "moves" : ""}`, "data-column": column.id, "data-name": column.name || null, ...own });
      if (column.make) cell.append(column.make(row));
      return cell;
    });
    made = { cells, tr: element("tr", { role: "row" }, ...cells) };
    grid.made.set(key, made);
  }
  grid.columns.forEach((column, index) => fill(made.cells[index], column, row));
  const age = grid.ageOf(row);
  made.tr.toggleAttribute("data-old", Boolean(age));
  if (age) made.tr.title = age;
  else made.tr.removeAttribute("title");
  return made;
}

function fill(cell, column, row) {
  if (column.update) column.update(cell, row);
  else if (!column.make) say(cell, column.text(row));
  if (column.tone) {
    const tone = column.tone(row);
    cell.classList.toggle("up", tone > 0);
    cell.classList.toggle("down", tone < 0);
  }
}

// What is shown, sorted and filtered as it is, in the exact numbers of the venue. A cell that a
// spreadsheet would take for a formula is told apart by a quote.
function csvOf({ columns, rows }) {
  const told = columns.filter((column) => column.text);
  const quote = (text) => {
    const safe = /^[=@\t\r]|^[+-](?![\d.])/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [told.map(({ name }) => name), ...rows.map((row) => told.map((column) => String(column.csv ? column.csv(row) : column.text(row))))];
  return lines.map((line) => line.map(quote).join(",")).join("\r\n");
}
