// The pages of the doors: one still frame of the pool beside the form.
import { attachPool } from "./pool.js";

attachPool(document);
