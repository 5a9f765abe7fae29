/** The known name with the fewest letters to change, if it is near enough to be a slip. */
export function closest(name: string, known: string[]): string | undefined {
  const ranked = known.map((one) => ({ one, cost: edits(name, one) })).sort((a, b) => a.cost - b.cost);
  return ranked[0] && ranked[0].cost <= 3 ? ranked[0].one : undefined;
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
