import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of its own for a test, removed by `remove`. */
export type TestDirectory = { path: string; file(name: string, text: string, mode?: number): string; remove(): void };

/** Makes an empty directory under the system's one for temporary files. */
export function testDirectory(): TestDirectory {
  const path = mkdtempSync(join(tmpdir(), "surety-"));
  return {
    path,
    file(name, text, mode = 0o600) {
      const at = join(path, name);
      writeFileSync(at, text, { mode });
      return at;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
