import type { Mutant } from "./operators.ts";

/** A mutant that no test can or need catch, found by its text: lines move. */
export type Survivor = Pick<Mutant, "file" | "inside" | "from" | "to"> & { reason: string };

export function explains(survivor: Survivor, mutant: Mutant): boolean {
  const same = (key: "file" | "inside" | "from" | "to") => survivor[key] === mutant[key];
  return same("file") && same("inside") && same("from") && same("to");
}
