// The markets page: live values, search, filter, sort and keys.
import { attachMarketTable } from "./market-table.js";
import { attachMarketSheet } from "./market-sheet.js";
import { attachMarketFilter } from "./market-filter.js";

const table = document.querySelector("[data-market-table]");
attachMarketTable(table);
attachMarketFilter(document.querySelector("[data-market-filter]"), table);
attachMarketSheet(table, document.getElementById("market-sheet"));
