// The landing page: the drawing of the pool and the live part of its market table.
import { attachPool } from "./pool.js";
import { attachMarketTable } from "./market-table.js";

attachPool(document);
attachMarketTable(document.querySelector("[data-market-table]"));
