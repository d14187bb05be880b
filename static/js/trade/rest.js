// The public REST contract as this page uses it. A refusal is thrown as `Refused`, with the code,
// the venue's own sentence and, from the table of failures, what to do next.
import { explain } from "./failures.js";

const BASE = "/api/v1";
const PATIENCE_MS = 10_000;

export class Refused extends Error {
  constructor({ code, detail, field = null, extra = {} }, { retryAfterMs = 0 } = {}) {
    super(explain(code, detail));
    this.code = code;
    this.detail = detail;
    this.field = field;
    this.extra = extra;
    this.retryAfterMs = retryAfterMs;
  }
}

const UNREACHABLE = { code: "UNREACHABLE", detail: "" };

export const read = (path, query = {}) => ask("GET", path + queryOf(query));
export const post = (path, body = {}) => ask("POST", path, body);
export const patch = (path, body) => ask("PATCH", path, body);
export const remove = (path, body) => ask("DELETE", path, body);

function queryOf(query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

async function ask(method, path, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const request = {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  };
  const answer = await fetch(BASE + path, request).catch(() => null);
  if (!answer) throw new Refused(UNREACHABLE);
  const said = await answer.json().catch(() => null);
  if (answer.ok) return said;
  const retryAfterMs = Number(answer.headers.get("Retry-After") ?? 0) * 1000;
  throw new Refused(said?.code ? said : UNREACHABLE, { retryAfterMs });
}

function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

// Every page of a list, as far as `most` rows.
export async function readAll(path, query = {}, most = 1000) {
  const rows = [];
  let cursor = null;
  do {
    const page = await read(path, { limit: Math.min(500, most), ...query, cursor });
    rows.push(...page.results);
    cursor = page.next;
  } while (cursor && rows.length < most);
  return rows;
}
