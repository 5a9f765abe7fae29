import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** A test that a page names: a function of a Solidity file, or the title of a TypeScript one. */
type Named = { file: string; name: string };

/** The tests that a page names, written as `file`: `name`, `name` or "title". */
function namedIn(page: string): Named[] {
  const groups = read(page).matchAll(/`([\w./-]+\.(?:sol|ts))`: ((?:`\w+`|"[^"]+")(?:[,;] (?:`\w+`(?!:)|"[^"]+"))*)/g);
  return [...groups].flatMap(([, file, names]) =>
    [...names!.matchAll(/`(\w+)`|"([^"]+)"/g)].map(([, name, title]) => ({
      file: pathOf(file!),
      name: name ?? title!,
    })),
  );
}

const pathOf = (file: string) => (file.endsWith(".sol") ? `test/contracts/${file}` : file);

function exists({ file, name }: Named): boolean {
  if (!existsSync(join(root, file))) return false;
  const text = read(file);
  return file.endsWith(".sol") ? text.includes(`function ${name}(`) : text.includes(`it("${name}"`);
}

/** The first cells of a page's tables' rows that begin with a number. */
const numbersIn = (text: string) => [...text.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));

describe("tests that pages name", () => {
  for (const page of ["docs/invariants.md", "docs/attacks.md"]) {
    it(`${page}: each exists`, () => {
      const named = namedIn(page);
      expect(named.length).to.be.greaterThan(40);
      expect(named.filter((test) => !exists(test))).to.deep.equal([]);
    });

    it(`${page}: every row names one, or says that there is none`, () => {
      const rows = read(page)
        .split("\n")
        .filter((line) => /^\| /.test(line) && !/^\| (---|number|class|attack) /.test(line));
      const empty = rows.filter((row) => {
        const cell = row.split("|").at(-2)!.trim();
        return !cell.startsWith("none") && !/`[\w./-]+\.(?:sol|ts)`: /.test(cell);
      });
      expect(empty).to.deep.equal([]);
    });
  }

  it("invariants 1 to 26 and classes 1 to 16 all stand on their page", () => {
    const [invariants, classes] = read("docs/invariants.md").split("## Classes") as [string, string];
    const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
    expect([...new Set(numbersIn(invariants))]).to.deep.equal(upTo(26));
    expect([...new Set(numbersIn(classes))]).to.deep.equal(upTo(16));
  });

  it("every test of an attack or an audit class stands on a page", () => {
    const known = new Set([...namedIn("docs/invariants.md"), ...namedIn("docs/attacks.md")].map(keyOf));
    const files = solidityIn("test/contracts").filter((file) => /(^|[/.])(Attacks|Audit|audit)\.[\w.]*sol$/.test(file));
    expect(files.length).to.be.greaterThan(3);
    const written = files.flatMap((file) =>
      [...read(file).matchAll(/function (test\w*)\(/g)].map(([, name]) => ({ file, name: name! })),
    );
    expect(written.filter((test) => !known.has(keyOf(test)))).to.deep.equal([]);
  });
});

const keyOf = ({ file, name }: Named) => `${file}: ${name}`;

/** Contracts and what they share, lowest first, as the table of docs/protocol.md section 4 has them. */
const ORDER = [
  ["EpochClock"],
  ["Reliability"],
  ["ReliabilityLedger"],
  ["StakePool"],
  ["SeedBeacon"],
  ["TippedBeacon"],
  ["HeaderBeacon", "DrandBeacon"],
  ["ProviderRegistry"],
  ["ModelRegistry"],
  ["VerifierRegistry"],
  ["CommitmentBook"],
  ["ReceiptLog"],
  ["RewardDistributor"],
  ["AttestationHub", "Attestations", "ReportStore"],
  ["Payouts"],
  ["Penalties"],
  ["Evidence"],
  ["Faults"],
  ["Openings"],
  ["Demands"],
  ["Juries"],
  ["JuryFees"],
  ["DisputeCourt"],
  ["SeatCases"],
  ["Attendance"],
];

/** Bare addresses that contracts keep: the one exception of section 4, and where money ends. */
const ADDRESSES = ["Penalties.reserve", "RewardDistributor._sink", "StakePool._slasher"];

function rankOf(file: string): number {
  if (/^contracts\/(access|libraries|types)\//.test(file)) return -1;
  if (file.startsWith("contracts/examples/")) return ORDER.length;
  const name = basename(file, ".sol").replace(/^I(?=[A-Z])/, "");
  const rank = ORDER.findIndex((names) => names.includes(name));
  expect(rank, `${file} has no place in the order of contracts`).to.be.greaterThan(-1);
  return rank;
}

function solidityIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sol"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

describe("order of contracts", () => {
  const files = solidityIn("contracts");

  it("no contract imports one above it", () => {
    const wrong = files.flatMap((file) =>
      [...read(file).matchAll(/from "(\.[^"]+)"/g)]
        .map(([, path]) => join(file, "..", path!))
        .filter((other) => rankOf(other) > rankOf(file))
        .map((other) => `${file} imports ${other}`),
    );
    expect(files.length).to.be.greaterThan(50);
    expect(wrong).to.deep.equal([]);
  });

  it("only what may be is held as a bare address", () => {
    const held = files.flatMap((file) =>
      [...read(file).matchAll(/^ {4}address (?:private |public |internal |immutable )+(\w+);/gm)].map(
        ([, name]) => `${basename(file, ".sol")}.${name}`,
      ),
    );
    expect(held.sort()).to.deep.equal(ADDRESSES);
  });

  it("is that of the protocol's table", () => {
    const table = read("docs/protocol.md").split("## 4. Contracts")[1]!.split("## 5.")[0]!;
    const rows = table.split("\n").filter((line) => line.startsWith("| `") || line.startsWith("| | `"));
    const names = rows.flatMap((row) => [...row.split("|")[2]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
    const ranks = names
      .filter((name) => !/Math|Sum|Shares|Seats$|Rights|Closable/.test(name))
      .map((name) => rankOf(`${name}.sol`));
    expect(ranks.length).to.be.greaterThan(15);
    expect(ranks).to.deep.equal([...ranks].sort((a, b) => a - b));
  });
});
