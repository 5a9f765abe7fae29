import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SETTING_NAMES } from "@surety/node-kit";
import { expect } from "chai";

const exec = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));

type Block = { file: string; line: number; language: string; text: string };

/** Every fenced block of every page that people read. */
function blocks(): Block[] {
  const skipped = /(^|\/)(node_modules|artifacts|cache|coverage|\.git)(\/|$)/;
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !skipped.test(file));
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return [...text.matchAll(/^```(\S*)[^\n]*\n(.*?)^```$/gms)].map((match) => ({
      file,
      line: text.slice(0, match.index).split("\n").length,
      language: match[1]!,
      text: match[2]!,
    }));
  });
}

const all = blocks();
const of = (language: string) => all.filter((block) => block.language === language);
const place = ({ file, line }: Block) => `${file}:${line}`;

describe("code in the pages", () => {
  it("says in which language it is", () => {
    const known = ["sh", "ts", "solidity", "json", "text"];
    expect(all.filter(({ language }) => !known.includes(language)).map(place)).to.deep.equal([]);
    expect(of("sh").length).to.be.greaterThan(0);
  });

  describe("commands", function () {
    this.timeout(60_000);
    for (const block of of("sh")) {
      for (const line of commandsOf(block.text)) it(`${place(block)}: ${line}`, () => checkCommand(line));
    }
  });

  it("TypeScript is typed as it stands", async function () {
    this.timeout(120_000);
    const found = of("ts");
    expect(found.length).to.be.greaterThan(0);
    const folder = mkdtempSync(join(root, "node_modules", ".docs-"));
    try {
      for (const [i, block] of found.entries()) {
        const assumed = ASSUMED[block.file] ?? "";
        writeFileSync(join(folder, `block${i}.ts`), `// ${place(block)}\n${block.text}\n${assumed}\nexport {};\n`);
      }
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({
          extends: "../../tsconfig.json",
          compilerOptions: { noUnusedLocals: false },
          include: ["*.ts"],
        }),
      );
      await exec(join(root, "node_modules/.bin/tsc"), ["--noEmit", "-p", folder]).catch(({ stdout }) =>
        expect.fail(`${stdout}\n${found.map((block, i) => `block${i}.ts is ${place(block)}`).join("\n")}`),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("Solidity compiles", function () {
    this.timeout(120_000);
    const found = of("solidity");
    expect(found.length).to.be.greaterThan(0);
    const sources = Object.fromEntries(found.map((block, i) => [`block${i}.sol`, { content: contractOf(block.text) }]));
    const solc = createRequire(import.meta.url)("solc");
    const output = JSON.parse(
      solc.compile(
        JSON.stringify({
          language: "Solidity",
          sources,
          settings: { remappings: ["surety/contracts/=contracts/"], outputSelection: { "*": { "*": ["abi"] } } },
        }),
        { import: (path: string) => ({ contents: readFileSync(join(root, path), "utf8") }) },
      ),
    );
    const errors = (output.errors ?? []).filter(({ severity }: { severity: string }) => severity === "error");
    expect(errors.map(({ formattedMessage }: { formattedMessage: string }) => formattedMessage)).to.deep.equal([]);
  });
});

/** What the surroundings of a TypeScript block give it, by page. */
const ASSUMED: Record<string, string> = {
  "node-kit/README.md": `
    import type { ChainLog, Store } from "@surety/node-kit";
    import type { Address, LocalAccount, PublicClient } from "viem";
    declare const client: PublicClient, store: Store, addresses: Address[], fromBlock: bigint, confirmations: number;
    declare const account: LocalAccount, chain: { id: number }, log: import("@surety/node-kit").Log, to: Address;
    declare const epoch: bigint, args: readonly [bigint, \`0x\${string}\`], deadline: bigint;
    declare function dropRowsFrom(block: bigint): void;
    declare function apply(log: ChainLog<ReturnType<typeof eventsOf<typeof abi>>>): void;`,
  "inference/README.md": `
    import type { Tensor } from "@surety/protocol";
    declare const inputs: Tensor[], claim: Tensor[];`,
};

/** Commands of a block: continued lines joined, comments and prompts left out. */
function commandsOf(text: string): string[] {
  return text
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Checks that a command can be given as it is written; `--help` is run, what sends or serves is held against its help. */
async function checkCommand(line: string): Promise<void> {
  const words = line.split(/\s+/);
  const [program, ...rest] = words as [string, ...string[]];
  if (program === "export") {
    for (const word of rest) {
      const name = word.split("=")[0]!;
      const camel = name
        .replace(/^SURETY_/, "")
        .toLowerCase()
        .replaceAll(/_(.)/g, (_, c: string) => c.toUpperCase());
      expect([...SETTING_NAMES, "passwordFile"], `${name} is no setting`).to.include(camel);
    }
    return;
  }
  if (program === "make") return expectTarget(rest[0]!);
  if (program === "npm" && rest[0] === "run") return expectScript(rest[1]!);
  if (program === "npm") return expect(rest[0]).to.be.oneOf(["ci", "test"]) && undefined;
  const [file, ...args] = program === "npx" && rest[0] === "surety" ? ["scripts/surety.mjs", ...rest.slice(1)] : rest;
  if (program === "npx" && rest[0] !== "surety") return expectBinary(rest[0]!);
  expect(["node", "npx"], `"${program}" is no program of the project`).to.include(program);
  const commands = args.slice(0, args.findIndex((word) => word.startsWith("-")) >>> 0);
  const subcommands = commands.filter((word) => /^[a-z][a-z-]*$/.test(word));
  const { stdout } = await exec(process.execPath, [join(root, file!), ...subcommands, "--help"], { cwd: root });
  for (const flag of args.filter((word) => word.startsWith("--"))) {
    expect(stdout, `${line}\nhas no ${flag}`).to.contain(flag.split("=")[0]!);
  }
}

function expectTarget(target: string): void {
  expect(readFileSync(join(root, "Makefile"), "utf8")).to.match(new RegExp(`^${target}:`, "m"));
}

function expectScript(script: string): void {
  expect(Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts)).to.include(script);
}

function expectBinary(name: string): void {
  expect(readdirSync(join(root, "node_modules/.bin"))).to.include(name);
}

/** A whole contract around statements that call a ledger. */
function contractOf(text: string): string {
  const imports = [...text.matchAll(/^import .*$/gm)].map(([line]) => line);
  const statements = text.replaceAll(/^import .*$/gm, "");
  const used = 'import {IReliability} from "surety/contracts/reliability/IReliability.sol";';
  return `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
${[...new Set([...imports, used])].join("\n")}
contract Page {
  function run(IReliability ledger, address provider, bytes32 modelId, uint256 minScore, uint256 maxAge) external view {
    minScore; maxAge;
    ${statements}
  }
}`;
}
