import { constants, createReadStream } from "node:fs";
import { access, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { SERVING } from "@surety/inference";
import { SuretyError } from "@surety/protocol";

/** Most bytes of each kind of file. */
export const FILE_LIMITS = {
  model: SERVING.fileBytes,
  body: 64 * 2 ** 20,
  json: 4 * 2 ** 20,
  lines: 256 * 2 ** 20,
};

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

/**
 * Reads a file, a pipe or a device to its end, but never beyond `most` bytes.
 *
 * @throws SuretyError `FILE_UNREADABLE`, `FILE_TOO_LARGE`
 */
export async function readBounded(path: string, most: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of createReadStream(path, { end: most }) as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
    }
  } catch (cause) {
    const message = `${path} cannot be read: ${reasonOf(cause)}. Correct the path, or make it readable.`;
    throw new SuretyError("FILE_UNREADABLE", message, { cause });
  }
  if (size > most) {
    throw new SuretyError("FILE_TOO_LARGE", `${path} has more than ${most} bytes, which is the most that is read.`);
  }
  return new Uint8Array(Buffer.concat(parts, size));
}

/** Text of a file in UTF-8; errors as {@link readBounded}, or `FILE_MALFORMED`. */
export async function readText(path: string, most: number): Promise<string> {
  const bytes = await readBounded(path, most);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SuretyError("FILE_MALFORMED", `${path} is no UTF-8 text.`, { cause });
  }
}

/** Reads a JSON file of at most 4 MiB; errors as {@link readText}. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path, FILE_LIMITS.json);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SuretyError("FILE_MALFORMED", `${path} is no JSON: ${reasonOf(cause).slice(0, 160)}.`, { cause });
  }
}

/** An error that does not know which file it is about, with the file's path before its message. */
export function about(path: string, error: unknown): unknown {
  if (!(error instanceof SuretyError)) return error;
  const { code, message, details, retryable } = error;
  return new SuretyError(code, `${path}: ${message}`, { cause: error, retryable, ...(details && { details }) });
}

/** Runs a reader of a file's content; its refusals get the path: see {@link about}. */
export function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw about(path, error);
  }
}

const unwritable = (path: string, cause: unknown) =>
  new SuretyError("FILE_UNWRITABLE", `${path} cannot be written: ${reasonOf(cause)}. Choose another path.`, { cause });

/** Refuses, before hours of work, a path whose folder cannot be written to: `FILE_UNWRITABLE`. */
export async function needWritable(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK).catch((cause) => {
    throw unwritable(path, cause);
  });
}

/** Writes a file whole or not at all; `FILE_UNWRITABLE`. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${dirname(path)}/.${basename(path)}.${process.pid}`;
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw unwritable(path, cause);
  }
}
