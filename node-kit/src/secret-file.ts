import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { SuretyError } from "@surety/protocol";

/** Largest file that is read as a secret, in bytes. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a file that only its owner may read, such as a password or a keystore. The rights are checked on the open file,
 * so it cannot be exchanged in between.
 *
 * @param what What the file holds, for messages, e.g. "password file".
 * @throws SuretyError SECRET_FILE_MISSING, SECRET_FILE_OPEN (others may read it), SECRET_FILE_TOO_LARGE.
 */
export function readSecretFile(path: string, what: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    const message = `The ${what} ${path} cannot be read (${(cause as NodeJS.ErrnoException).code}); create it or correct the path.`;
    throw new SuretyError("SECRET_FILE_MISSING", message, { cause, details: { path } });
  }
  try {
    const stats = fstatSync(file);
    const { mode, size } = stats;
    if (stats.isDirectory()) {
      const message = `The ${what} ${path} is a directory; expected a file.`;
      throw new SuretyError("SECRET_FILE_MISSING", message, { details: { path } });
    }
    const rights = (mode & 0o777).toString(8).padStart(4, "0");
    if ((mode & 0o077) !== 0) {
      const message = `The ${what} ${path} is open to other users: its mode is ${rights}, needed is 0600. Run: chmod 600 ${path}`;
      throw new SuretyError("SECRET_FILE_OPEN", message, { details: { path, have: rights, need: "0600" } });
    }
    if (size > MAX_BYTES) {
      const message = `The ${what} ${path} has ${size} bytes; expected at most ${MAX_BYTES}.`;
      throw new SuretyError("SECRET_FILE_TOO_LARGE", message, { details: { path, have: size, need: MAX_BYTES } });
    }
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}
