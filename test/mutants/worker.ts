// Compiles one mutant with the tests of its folder and runs them until one fails. A process of its own: what hangs is killed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Artifact, EdrContext, l1SolidityTestRunnerFactory, type SuiteResult } from "@nomicfoundation/edr";
import { deployedBy, type Folder, root, testsOf } from "./folders.ts";
import { constructorOf, type Mutant, solc } from "./operators.ts";

/** What to run, in a copy of the sources: a mutant, or the sources as they are. */
export type Job = { tree: string; folder: Folder; mutant?: Mutant };

/** What came of it: the first test that failed, nothing failed, or the compiler refused. */
export type Verdict = { state: "caught" | "survived" | "invalid"; by: string };

/** Bytes of a source that are replaced, and what is added at its end. */
type Edit = { start: number; end: number; text: string; appended?: string };

type Compiled = {
  abi: { type: string; name?: string }[];
  evm: Record<"bytecode" | "deployedBytecode", { object: string }>;
};

const LOADER = `
interface SuretyLoader {
  function etch(address, bytes calldata) external;
  function getCode(string calldata) external view returns (bytes memory);
}`;

const suites = new Map<Folder, Artifact[]>();
const context = new EdrContext();
await context.registerSolidityTestRunnerFactory("L1", l1SolidityTestRunnerFactory());

/** As in hardhat.config.ts, with fewer runs: a mutant that needs more of them to be seen is worth a test of its own. */
const RUNNER = {
  projectRoot: root,
  hardfork: "prague",
  // A mutant may loop for ever.
  gasLimit: 2n ** 30n,
  disableBlockGasLimit: true,
  disableTransactionGasCap: true,
  fuzz: { runs: 64, seed: "0x01" },
  invariant: { runs: 16, depth: 64, failOnRevert: true },
  localPredeploys: [],
  testSourcePaths: {},
};

process.on("disconnect", () => process.exit());
process.on("message", async (job: Job) => {
  try {
    process.send?.(await judge(job));
  } catch (error) {
    process.send?.({ state: "invalid", by: String(error) } satisfies Verdict);
  }
});

async function judge({ tree, folder, mutant }: Job): Promise<Verdict> {
  const tests = suitesOf(tree, folder);
  const changed = compile(tree, deployedBy(tree, folder), (path) => (path === mutant?.file ? mutant : undefined));
  if (typeof changed === "string") return { state: "invalid", by: changed };
  for (const { id } of tests.filter(isSuite)) {
    const failure = await firstFailure([...tests, ...changed], id);
    if (failure) return { state: "caught", by: failure };
  }
  return { state: "survived", by: "" };
}

/** The folder's tests, compiled once: only what they deploy from the folder differs from mutant to mutant. */
function suitesOf(tree: string, folder: Folder): Artifact[] {
  const known = suites.get(folder);
  if (known) return known;
  const files = testsOf(tree, folder);
  // Before the compiler runs: it cannot be asked for a tree in the middle of a compilation.
  const loaders = new Map(deployedBy(tree, folder).map((file) => [file, loader(tree, file)]));
  const compiled = compile(tree, files, (path) => loaders.get(path));
  if (typeof compiled === "string") throw new Error(compiled);
  compiled.sort((a, b) => files.indexOf(a.id.source) - files.indexOf(b.id.source));
  suites.set(folder, compiled);
  return compiled;
}

/**
 * Makes a contract's constructor begin by running the one of the artifact of its name, in its own storage, and becoming what
 * that returns: nothing of its own body is run, nor of those of abstract contracts. Other base constructors run twice.
 */
function loader(tree: string, file: string): Edit | undefined {
  const made = constructorOf(file, readFileSync(join(tree, file), "utf8"));
  if (made === undefined) return undefined;
  if (made.abstract) return { start: made.start, end: made.start, text: "return;" };
  const text = `
    address mutants = address(uint160(uint256(keccak256("mutants"))));
    SuretyLoader vm = SuretyLoader(address(uint160(uint256(keccak256("hevm cheat code")))));
    vm.etch(mutants, bytes.concat(vm.getCode("${file}:${made.contract}"), abi.encode(${made.parameters.join(", ")})));
    (bool ok, bytes memory code) = mutants.delegatecall("");
    if (!ok) assembly { revert(add(code, 32), mload(code)) }
    if (code.length > 0) assembly { return(add(code, 32), mload(code)) }
  `;
  return { start: made.start, end: made.start, text, appended: LOADER };
}

function compile(tree: string, files: string[], edit: (path: string) => Edit | undefined): Artifact[] | string {
  const read = (path: string) => {
    const bytes = readFileSync(path.startsWith("@") ? join(root, "node_modules", path) : join(tree, path));
    const change = edit(path);
    if (change === undefined) return bytes.toString();
    const { start, end, text, appended = "" } = change;
    return `${bytes.subarray(0, start)}${text}${bytes.subarray(end)}${appended}`;
  };
  const outputs = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"];
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(files.map((file) => [file, { content: read(file) }])),
    settings: {
      // Optimising takes longer than what it saves.
      optimizer: { enabled: false },
      evmVersion: "prague",
      metadata: { appendCBOR: false },
      outputSelection: Object.fromEntries(files.map((file) => [file, { "*": outputs }])),
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (path) => ({ contents: read(path) }) }));
  const error = output.errors?.find(({ severity }: { severity: string }) => severity === "error");
  if (error) return error.formattedMessage;
  return files.flatMap((source) =>
    Object.entries((output.contracts[source] ?? {}) as Record<string, Compiled>).map(([name, { abi, evm }]) => ({
      id: { name, solcVersion: "0.8.37", source },
      contract: {
        abi: JSON.stringify(abi),
        bytecode: `0x${evm.bytecode.object}`,
        deployedBytecode: `0x${evm.deployedBytecode.object}`,
        linkReferences: {},
        deployedLinkReferences: {},
      },
    })),
  );
}

function isSuite({ contract }: Artifact): boolean {
  const abi: Compiled["abi"] = JSON.parse(contract.abi);
  return (
    contract.bytecode !== "0x" &&
    abi.some(({ type, name }) => type === "function" && /^(test|invariant)/.test(name ?? ""))
  );
}

async function firstFailure(artifacts: Artifact[], id: Artifact["id"]): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<SuiteResult>();
  const tracing = { buildInfos: [], ignoreContracts: true };
  context.runSolidityTests("L1", artifacts, [id], RUNNER, tracing, resolve).catch(reject);
  const failed = (await promise).testResults.find(({ status }) => status === "Failure");
  return failed && `${id.name}.${failed.name.replace(/\(.*/, "")}`;
}
