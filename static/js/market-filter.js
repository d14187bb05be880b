// Search, filter and sort of the markets page without asking the server again. The form and the
// sort links work without this too; here the address follows, so that a view can be kept.
import { compareDecimals } from "./notation.js";

export function attachMarketFilter(form, table) {
  if (!form || !table) return;
  const body = table.tBodies[0];
  const view = { form, table, body, rows: [...body.rows], sort: table.dataset.sort };
  form.addEventListener("input", () => apply(view));
  form.addEventListener("submit", (event) => event.preventDefault());
  table.tHead.addEventListener("click", (event) => chooseSort(view, event));
  table.addEventListener("markets-updated", () => apply(view));
  document.addEventListener("keydown", (event) => pressKey(view, event));
  document.querySelector("[data-clear-filter]")?.addEventListener("click", (event) => {
    event.preventDefault();
    clear(view);
  });
  apply(view);
}

function apply(view) {
  const { form, table, body, rows } = view;
  const wanted = form.elements.q.value.trim().toUpperCase();
  const kind = form.elements.kind.value;
  for (const row of rows) {
    row.hidden = (kind !== "" && row.dataset.kind !== kind) || !matches(row, wanted);
  }
  putInOrder(body, rows.toSorted((one, other) => compareRows(view.sort, one, other)));
  const shown = rows.filter((row) => !row.hidden).length;
  table.hidden = shown === 0;
  document.getElementById("markets-empty").hidden = shown > 0;
  document.getElementById("markets-count").textContent = `${shown} of ${rows.length}`;
  keepAddress(view);
}

// Rows are moved only where their order changes, and the focus stays where it was: prices arrive
// while somebody walks through the table.
function putInOrder(body, rows) {
  if (rows.every((row, index) => row === body.rows[index])) return;
  const focused = document.activeElement;
  body.append(...rows);
  if (body.contains(focused)) focused.focus({ preventScroll: true });
}

function matches(row, wanted) {
  return row.dataset.base.includes(wanted) || row.dataset.symbol.startsWith(wanted);
}

function compareRows(sort, one, other) {
  const descending = sort.startsWith("-");
  const field = sort.replace(/^-/, "");
  const [left, right] = [sortValue(one, field), sortValue(other, field)];
  // What has no value yet stands last, whichever way the column is sorted.
  if (!left || !right) return left ? -1 : right ? 1 : 0;
  const order = field === "symbol" || field === "state" ? left.localeCompare(right) : compareDecimals(left, right);
  return descending ? -order : order;
}

function sortValue(row, field) {
  if (field === "rank") return row.dataset.rank;
  if (field === "symbol") return row.dataset.symbol;
  return row.querySelector(`[data-field="${field}"]`)?.dataset.value ?? "";
}

function chooseSort(view, event) {
  const link = event.target.closest("[data-sort]");
  if (!link) return;
  event.preventDefault();
  const { sort: field } = link.dataset;
  view.sort = view.sort === field ? `-${field}` : field;
  for (const head of view.table.tHead.rows[0].cells) {
    const its = head.querySelector("[data-sort]")?.dataset.sort;
    if (its === field) head.setAttribute("aria-sort", view.sort.startsWith("-") ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  apply(view);
}

function clear(view) {
  view.form.elements.q.value = "";
  view.form.querySelector('[name="kind"][value=""]').checked = true;
  apply(view);
  view.form.elements.q.focus();
}

function pressKey(view, event) {
  const { form } = view;
  const isTyping = event.target.matches("input, select, textarea");
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    form.elements.q.focus();
    form.elements.q.select();
  } else if (event.key === "Escape" && event.target === form.elements.q) {
    clear(view);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    moveFocus(view, event);
  }
}

function moveFocus(view, event) {
  const openers = [...view.body.querySelectorAll("tr:not([hidden]) [data-sheet]")];
  const index = openers.indexOf(document.activeElement);
  const fromSearch = event.target === view.form.elements.q && event.key === "ArrowDown";
  if (index < 0 && !fromSearch) return;
  event.preventDefault();
  const target = fromSearch ? 0 : index + (event.key === "ArrowDown" ? 1 : -1);
  if (target < 0) view.form.elements.q.focus();
  else openers[Math.min(target, openers.length - 1)]?.focus();
}

function keepAddress({ form, sort }) {
  const parameters = new URLSearchParams();
  if (form.elements.q.value) parameters.set("q", form.elements.q.value);
  if (form.elements.kind.value) parameters.set("kind", form.elements.kind.value);
  if (sort !== "rank") parameters.set("sort", sort);
  const query = parameters.toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
}
