import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Mutant, mutantsOf } from "./operators.ts";

/** The repository's root. */
export const root = join(import.meta.dirname, "../..");

/** What is mutated, and which tests must notice, beside those of the folder's own name. */
const FOLDERS = {
  stake: { sources: ["contracts/libraries/SharesMath.sol"], tests: [] },
  verification: { sources: [], tests: [] },
  rewards: { sources: [], tests: ["verification"] },
  reliability: { sources: [], tests: ["verification"] },
  court: { sources: [], tests: [] },
} as const;

/** A folder of contracts under mutation. */
export type Folder = keyof typeof FOLDERS;
export const folderNames = Object.keys(FOLDERS) as Folder[];

/** The mutants of a folder's contracts in a tree. */
export function mutantsIn(tree: string, folder: Folder): Mutant[] {
  const sources = [...list(tree, `contracts/${folder}`, ".sol"), ...FOLDERS[folder].sources];
  return sources.flatMap((file) => mutantsOf(file, readFileSync(join(tree, file), "utf8")));
}

/** The sources of a folder that hold what its tests deploy. */
export function deployedBy(tree: string, folder: Folder): string[] {
  return list(tree, `contracts/${folder}`, ".sol").filter((file) => !/\/I[A-Z]\w*\.sol$/.test(file));
}

/** The test files that concern a folder, the slow ones last. */
export function testsOf(tree: string, folder: Folder): string[] {
  const files = [folder, ...FOLDERS[folder].tests].flatMap((name) => list(tree, `test/contracts/${name}`, ".t.sol"));
  const slow = (file: string) => Number(file.includes(".invariant."));
  return files.sort((a, b) => slow(a) - slow(b));
}

function list(tree: string, folder: string, ending: string): string[] {
  try {
    const names = readdirSync(join(tree, folder)).filter((name) => name.endsWith(ending));
    return names.sort().map((name) => `${folder}/${name}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
