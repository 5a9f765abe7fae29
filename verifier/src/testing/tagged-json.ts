/** JSON in which bigints survive. For tests. */
export const toTagged = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === "bigint" ? { $bigint: v.toString() } : v));

/** The inverse of {@link toTagged}. */
export const fromTagged = (text: string): unknown =>
  JSON.parse(text, (_, v) => (typeof v?.$bigint === "string" ? BigInt(v.$bigint) : v));
