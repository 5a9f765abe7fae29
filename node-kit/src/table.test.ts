import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { renderTable } from "./table.ts";

const columns = [{ title: "provider" }, { title: "score", align: "right" }] as const;

describe("table", () => {
  it("aligns text left and numbers right, without trailing spaces", () => {
    const text = renderTable(
      columns,
      [
        ["honest", "0.9951"],
        ["sheds-peak", 1n],
        ["é́x", 12],
      ],
      { colour: false },
    );
    expect(text.split("\n")).to.deep.equal([
      "provider     score",
      "----------  ------",
      "honest      0.9951",
      "sheds-peak       1",
      "é́x              12",
    ]);
  });

  it("colours cells only when told to, and aligns them the same", () => {
    const rows = [[{ text: "a", colour: "green" as const }, "1"]];
    const plain = renderTable(columns, rows, { colour: false });
    const painted = renderTable(columns, rows, { colour: true });
    expect(plain).not.to.contain("\u001b");
    expect(painted).to.contain("\u001b[32ma\u001b[39m");
    expect(stripVTControlCharacters(painted)).to.equal(plain);
  });

  it("drops control characters of strangers", () => {
    const text = renderTable(columns, [["a\u001b[2J\nb\tc", "1"]], { colour: true });
    expect(text.split("\n")).to.have.length(3);
    expect(text).to.contain("a b c");
  });

  it("refuses a row of the wrong length and draws a table without rows", () => {
    expect(() => renderTable(columns, [["only one"]])).to.throw(RangeError, "row of 1 cells in a table of 2 columns");
    expect(renderTable(columns, [], { colour: false })).to.equal("provider  score\n--------  -----");
  });
});
