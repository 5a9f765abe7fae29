/**
 * Remembers the results of a pure function for the latest `most` keys. Verifiers of one process ask the same of the same
 * public data: five seats look at one log.
 */
export function createMemo<V>(most: number): (key: string, compute: () => V) => V {
  const known = new Map<string, V>();
  return (key, compute) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = compute();
    const [oldest] = known.size < most ? [] : known.keys();
    if (oldest !== undefined) known.delete(oldest);
    known.set(key, value);
    return value;
  };
}
