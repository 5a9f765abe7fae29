import { show } from "./check.ts";
import { SuretyError } from "./errors.ts";

/** Reads one field of an untrusted document; `at` names it in refusals. */
export type Reader<T> = (value: unknown, at: string) => T;

/** Readers for documents of one kind, which refuse with one error code. */
export function createReaders(code: string) {
  const refuse = (at: string, value: unknown, needs: string): SuretyError =>
    new SuretyError(code, `${at} is ${show(value)}, needs ${needs}`, { details: { at } });

  const record = (value: unknown, at: string): Record<string, unknown> => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(at, value, "an object");
    return value as Record<string, unknown>;
  };

  return {
    refuse,

    /** An object with exactly these fields; `maybe` names those that may be absent. */
    object<T extends Record<string, unknown>>(
      fields: { [K in keyof T]-?: Reader<Exclude<T[K], undefined>> },
      maybe: readonly string[] = [],
    ): Reader<T> {
      return (value, at) => {
        const given = record(value, at);
        for (const key of Object.keys(given)) {
          if (!Object.hasOwn(fields, key)) throw refuse(`${at}.${show(key)}`, "unknown", "no such field");
        }
        const read: Record<string, unknown> = {};
        for (const key of Object.keys(fields)) {
          const absent = !Object.hasOwn(given, key);
          if (absent && maybe.includes(key)) continue;
          if (absent) throw refuse(`${at}.${key}`, "absent", "to be there");
          read[key] = fields[key]!(given[key], `${at}.${key}`);
        }
        return read as T;
      };
    },

    /** An object of any keys whose values are all read by `each`. */
    map<T>(each: Reader<T>): Reader<Record<string, T>> {
      return (value, at) =>
        Object.fromEntries(Object.entries(record(value, at)).map(([k, v]) => [k, each(v, `${at}.${show(k)}`)]));
    },

    list<T>(each: Reader<T>, min: number, max: number): Reader<T[]> {
      return (value, at) => {
        if (!Array.isArray(value) || value.length < min || value.length > max) {
          throw refuse(at, Array.isArray(value) ? `${value.length} items` : value, `a list of ${min} to ${max}`);
        }
        return Array.from(value, (item, i) => each(item, `${at}[${i}]`));
      };
    },

    text<T extends string = string>(pattern: RegExp, needs: string): Reader<T> {
      return (value, at) => {
        if (typeof value !== "string" || !value.isWellFormed() || !pattern.test(value)) throw refuse(at, value, needs);
        return value as T;
      };
    },

    number(holds: (n: number) => boolean, needs: string): Reader<number> {
      return (value, at) => {
        if (typeof value !== "number" || !Number.isFinite(value) || !holds(value)) throw refuse(at, value, needs);
        return value;
      };
    },

    oneOf<T extends string | number | null>(values: readonly T[]): Reader<T> {
      return (value, at) => {
        const found = values.find((v) => v === value);
        if (found === undefined) throw refuse(at, value, `one of ${values.join(", ")}`);
        return found;
      };
    },
  };
}
