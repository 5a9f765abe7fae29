import { stripVTControlCharacters, styleText } from "node:util";

/** Colours a cell may have; they appear on a terminal only. */
export type CellColour = "green" | "red" | "yellow" | "cyan" | "dim" | "bold";

/** A cell: text, or text with a colour. */
export type Cell = string | number | bigint | { text: string; colour: CellColour };

/** A column. Numbers read best on the right. */
export type Column = { title: string; align?: "left" | "right" };

/** How a table is drawn. */
export type TableOptions = {
  /** Colour or not. Default: standard output is a terminal and NO_COLOR is not set. */
  colour?: boolean;
  /** Between columns. Default two spaces. */
  gap?: string;
};

const segmenter = new Intl.Segmenter();

/**
 * Draws a table as text: a line of titles, a rule, one line per row. Control characters in cells are dropped, since names
 * come from strangers.
 *
 * @throws RangeError if a row has another number of cells than there are columns.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string {
  const { colour = process.stdout.isTTY === true && !process.env.NO_COLOR, gap = "  " } = options;
  for (const row of rows) {
    if (row.length !== columns.length)
      throw new RangeError(`row of ${row.length} cells in a table of ${columns.length} columns`);
  }
  const texts = rows.map((row) => row.map(cellText));
  const widths = columns.map(({ title }, i) => Math.max(width(title), ...texts.map((row) => width(row[i] ?? ""))));
  const line = (cells: readonly string[], paint: (text: string, i: number) => string) =>
    cells
      .map((text, i) => {
        const padding = " ".repeat((widths[i] ?? 0) - width(text));
        return columns[i]?.align === "right" ? padding + paint(text, i) : paint(text, i) + padding;
      })
      .join(gap)
      .trimEnd();
  const style = (text: string, name: CellColour | undefined) =>
    colour && name ? styleText(name, text, { validateStream: false }) : text;
  const head = line(
    columns.map(({ title }) => title),
    (text) => style(text, "bold"),
  );
  const rule = widths.map((size) => "-".repeat(size)).join(gap);
  const body = rows.map((row, r) => line(texts[r] ?? [], (text, i) => style(text, colourOf(row[i]))));
  return [head, rule, ...body].join("\n");
}

function cellText(cell: Cell): string {
  const text = typeof cell === "object" ? cell.text : String(cell);
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, " ");
}

function colourOf(cell: Cell | undefined): CellColour | undefined {
  return typeof cell === "object" ? cell.colour : undefined;
}

/** Columns that a text takes, one per visible character. */
function width(text: string): number {
  return [...segmenter.segment(text)].length;
}
