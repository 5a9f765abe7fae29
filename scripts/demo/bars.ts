/** A bar of `width` characters for a share from 0 to 1. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

/** A rate as "99.42 %"; a dash if there is none. */
export const percent = (rate: number | undefined, digits = 2): string =>
  rate === undefined || Number.isNaN(rate) ? "–" : `${(rate * 100).toFixed(digits)} %`;
