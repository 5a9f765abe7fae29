/**
 * Elements of a BYTES tensor as the canonical layout holds them: each its length as u32 little-endian, then its bytes. A module
 * of its own without imports, so that the process that holds a runtime need not load the rest of the protocol.
 */

/** @returns the elements one after the other; texts as UTF-8 */
export function joinByteStrings(values: readonly (Uint8Array | string)[]): Uint8Array {
  const utf8 = new TextEncoder();
  const items = values.map((v) => (typeof v === "string" ? utf8.encode(v) : v));
  const data = new Uint8Array(items.reduce((sum, item) => sum + 4 + item.length, 0));
  const view = new DataView(data.buffer);
  let at = 0;
  for (const item of items) {
    view.setUint32(at, item.length, true);
    data.set(item, at + 4);
    at += 4 + item.length;
  }
  return data;
}

/** @returns the elements as views into `data`, which must have been checked */
export function splitByteStrings(data: Uint8Array): Uint8Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const out: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const end = at + 4 + view.getUint32(at, true);
    out.push(data.subarray(at + 4, end));
    at = end;
  }
  return out;
}
