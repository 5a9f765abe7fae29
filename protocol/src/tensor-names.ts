import { show } from "./check.ts";
import { SuretyError } from "./errors.ts";

/** Order of two byte strings: negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** What two tensors of one name are refused with. */
export const twice = (name: string): SuretyError =>
  new SuretyError("PROTOCOL_BAD_TENSOR", `two tensors are named ${show(name)}, needs distinct names`);
