/** Six digits: more would only record the noise of one machine. */
export const tidy = (value: number): number => Number(value.toPrecision(6));

/** The upper median; 0 of nothing. */
export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
