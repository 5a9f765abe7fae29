import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SuretyError } from "@surety/protocol";

/** Paths of a request and its response. */
export type Pair = { name: string; request: string; response: string };

/** Most pairs of one panel. */
export const MAX_PAIRS = 10_000;

const PART = /^(.+)\.(request|response)(?:\.(?:json|bin))?$/;

/**
 * Lists the pairs in a folder, by name: `NAME.request` and `NAME.response`, each with `.json` or `.bin` behind it or
 * nothing. What is in a file says whether it is JSON or binary. Other files are passed over.
 *
 * @throws SuretyError `FILE_UNREADABLE`, `PANEL_UNPAIRED` (one of two is missing or given twice), `PANEL_EMPTY`,
 * `PANEL_TOO_LARGE`
 */
export async function listPairs(folder: string): Promise<Pair[]> {
  const files = await readdir(folder).catch((cause: Error) => {
    const message = `${folder} cannot be read: ${cause.message}. Give a folder of NAME.request and NAME.response files.`;
    throw new SuretyError("FILE_UNREADABLE", message, { cause });
  });
  const found = new Map<string, Partial<Record<string, string>>>();
  const { compare } = new Intl.Collator("en", { numeric: true });
  for (const file of files.sort(compare)) {
    const [, name, part] = PART.exec(file) ?? [];
    if (name === undefined || part === undefined) continue;
    const pair = found.get(name) ?? {};
    if (pair[part] !== undefined) {
      const message = `${folder} has two ${part}s of "${name}": ${pair[part]} and ${file}. Remove one.`;
      throw new SuretyError("PANEL_UNPAIRED", message);
    }
    found.set(name, { ...pair, [part]: file });
  }
  if (found.size === 0) {
    throw new SuretyError("PANEL_EMPTY", `${folder} has no files NAME.request and NAME.response; put some there.`);
  }
  if (found.size > MAX_PAIRS) {
    throw new SuretyError("PANEL_TOO_LARGE", `${folder} has ${found.size} pairs, at most ${MAX_PAIRS}. Split it.`);
  }
  return [...found].map(([name, { request, response }]) => {
    if (request === undefined || response === undefined) {
      const message = `${folder} has no ${request === undefined ? "request" : "response"} of "${name}". Add it, or remove the other.`;
      throw new SuretyError("PANEL_UNPAIRED", message);
    }
    return { name, request: join(folder, request), response: join(folder, response) };
  });
}
