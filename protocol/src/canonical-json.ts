import { show } from "./check.ts";
import { SuretyError } from "./errors.ts";

const MAX_DEPTH = 32;

const refuse = (at: string, why: string): SuretyError =>
  new SuretyError("PROTOCOL_NOT_CANONICAL", `${at} ${why}`, { details: { at } });

function write(value: unknown, at: string, depth: number): string {
  if (depth > MAX_DEPTH) throw refuse(at, `is nested deeper than ${MAX_DEPTH} levels`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw refuse(at, `is ${value}, needs a finite number`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw refuse(at, "holds half of a surrogate pair");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, i) => write(item, `${at}[${i}]`, depth + 1)).join(",")}]`;
  }
  const proto = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  if (proto !== Object.prototype && proto !== null) throw refuse(at, `is ${show(value)}, which JSON has no form for`);
  const fields = Object.entries(value as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([k, v]) => `${write(k, at, depth + 1)}:${write(v, `${at}.${k}`, depth + 1)}`).join(",")}}`;
}

/**
 * The one JSON text of a value, as in RFC 8785: keys sorted by UTF-16 code units, no spaces, numbers in their shortest
 * form. What is hashed as a manifest or profile.
 * @throws SuretyError PROTOCOL_NOT_CANONICAL for NaN, infinities, undefined, bigints, lone surrogates, class instances and
 * nesting beyond 32 levels
 */
export const canonicalJson = (value: unknown): string => write(value, "value", 0);
