/** A source, and its lines that no test ran, or not all of: a line has as many statements as are written on it. */
export type Uncovered = { file: string; lines: number[] };

/** Reads what a report in lcov's format says of each source. */
export function uncoveredIn(report: string): { files: number; uncovered: Uncovered[] } {
  const sources = report.split("end_of_record").flatMap((section) => {
    const file = /^SF:(.+)$/m.exec(section)?.[1];
    if (file === undefined) return [];
    const lines = [...section.matchAll(/^DA:(\d+),0$/gm)].map((match) => Number(match[1]));
    return [{ file, lines: lines.sort((a, b) => a - b) }];
  });
  return { files: sources.length, uncovered: sources.filter(({ lines }) => lines.length > 0) };
}
