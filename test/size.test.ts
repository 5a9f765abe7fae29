import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

/** Four KiB below what a chain accepts (EIP-170): room for a correction that has to fit. */
const LIMIT = 20_480;

const artifacts = join(import.meta.dirname, "../artifacts/contracts");

/** Bytes on the chain of each contract, as the deploy script deploys it. Interfaces have none. */
function sizes(): { name: string; bytes: number }[] {
  return readdirSync(artifacts, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => JSON.parse(readFileSync(join(entry.parentPath, entry.name), "utf8")))
    .map(({ contractName, deployedBytecode }) => ({ name: contractName, bytes: (deployedBytecode.length - 2) / 2 }))
    .filter(({ bytes }) => bytes > 0);
}

describe("sizes of the contracts", () => {
  it(`are at most ${LIMIT} bytes`, () => {
    const all = sizes();
    expect(all).not.to.be.empty;
    const large = all.filter(({ bytes }) => bytes > LIMIT);
    expect(large.map(({ name, bytes }) => `${name} has ${bytes} bytes`)).to.deep.equal([]);
  });
});
