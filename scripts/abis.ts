// Writes the interfaces of the compiled contracts as TypeScript into sdk/src/abis.
// Usage: npm run build && node scripts/abis.ts [--check]
// With --check it writes nothing and fails if what is committed differs.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SuretyError } from "@surety/protocol";
import type { Abi, AbiParameter } from "viem";

/** Contracts whose interface the sdk carries, the lowest first. */
export const ABI_CONTRACTS: readonly string[] = [
  "EpochClock",
  "ISeedBeacon",
  "DrandBeacon",
  "HeaderBeacon",
  "IReliability",
  "ReliabilityLedger",
  "StakePool",
  "ProviderRegistry",
  "ModelRegistry",
  "VerifierRegistry",
  "CommitmentBook",
  "ReceiptLog",
  "RewardDistributor",
  "Penalties",
  "AttestationHub",
  "Faults",
  "Openings",
  "Demands",
  "Juries",
  "DisputeCourt",
  "SeatCases",
  "Attendance",
  "GatedConsumer",
];

const root = fileURLToPath(new URL("..", import.meta.url));
const HEADER = "// Written by scripts/abis.ts from the compiled contracts. Do not edit.\n";

/** Files by name, as they should be. */
export type AbiFiles = Map<string, string>;

/**
 * Makes one file per contract, each with `export const <contractName>Abi`, and an index with all of them and `errorsAbi`, every
 * error that any of them can raise.
 *
 * @param artifacts Hardhat's folder of compiled contracts.
 * @param names Contracts by name.
 * @throws SuretyError ARTIFACT_MISSING, ARTIFACT_AMBIGUOUS, ARTIFACT_MALFORMED.
 */
export function generateAbis(artifacts: string, names: readonly string[]): AbiFiles {
  const paths = findArtifacts(artifacts);
  const abis = names.map((name) => ({ name, abi: readAbi(name, paths.get(name) ?? [], artifacts) }));
  const files: AbiFiles = new Map(abis.map(({ name, abi }) => [`${name}.ts`, render(constant(name), abi)]));
  files.set("errors.ts", render("errorsAbi", allErrors(abis.map(({ abi }) => abi))));
  const modules = [...names, "errors"].sort((a, b) => a.localeCompare(b, "en"));
  files.set("index.ts", HEADER + modules.map((name) => `export * from "./${name}.ts";\n`).join(""));
  return files;
}

/** Names of files that are missing, differ or should not be there. */
export function differences(folder: string, files: AbiFiles): string[] {
  const present = listFiles(folder);
  const wrong = [...files].filter(
    ([name, text]) => !present.includes(name) || readFileSync(join(folder, name), "utf8") !== text,
  );
  return [...wrong.map(([name]) => name), ...present.filter((name) => !files.has(name))].sort();
}

/** Makes a folder hold exactly these files. */
export function writeAbis(folder: string, files: AbiFiles): void {
  mkdirSync(folder, { recursive: true });
  for (const name of listFiles(folder)) if (!files.has(name)) rmSync(join(folder, name));
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: false })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

function findArtifacts(folder: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(folder);
  } catch (cause) {
    throw new SuretyError("ARTIFACT_MISSING", `No compiled contracts in ${folder}; run \`npm run build\` first.`, {
      cause,
    });
  }
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith(".json") || !entry.parentPath.endsWith(".sol")) continue;
    const name = entry.name.slice(0, -".json".length);
    found.set(name, [...(found.get(name) ?? []), join(entry.parentPath, entry.name)]);
  }
  return found;
}

function readEntries(folder: string) {
  return readdirSync(folder, { withFileTypes: true, recursive: true });
}

function readAbi(name: string, paths: readonly string[], folder: string): Abi {
  const [path, ...more] = paths;
  if (path === undefined) {
    throw new SuretyError(
      "ARTIFACT_MISSING",
      `No compiled ${name} in ${folder}; run \`npm run build\`, or correct the name.`,
    );
  }
  if (more.length > 0) {
    throw new SuretyError(
      "ARTIFACT_AMBIGUOUS",
      `More than one contract is called ${name}: ${paths.join(", ")}. Rename one.`,
    );
  }
  const { abi } = JSON.parse(readFileSync(path, "utf8"));
  if (Array.isArray(abi)) return abi;
  throw new SuretyError("ARTIFACT_MALFORMED", `${path} has no ABI; expected what Hardhat writes.`);
}

function allErrors(abis: readonly Abi[]): Abi {
  const errors = abis.flat().filter((item) => item.type === "error");
  const bySignature = new Map(errors.map((item) => [JSON.stringify(slim(item)), item]));
  return [...bySignature.values()].sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/** One item a line: a change in a contract is a change in few lines here. */
function render(name: string, abi: Abi): string {
  const items = abi.map((item) => `  ${JSON.stringify(slim(item))},\n`);
  return `${HEADER}export const ${name} = [\n${items.join("")}] as const;\n`;
}

/** Without `internalType`, which names Solidity's own types and only swells TypeScript's. */
function slim(item: Abi[number]): unknown {
  const drop = (_key: string, value: unknown) =>
    typeof value === "object" && value !== null && "internalType" in value
      ? (({ internalType: _, ...rest }: AbiParameter) => rest)(value as AbiParameter)
      : value;
  return JSON.parse(JSON.stringify(item, drop));
}

function constant(name: string): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}Abi`;
}

function main(args: readonly string[]): void {
  const unknown = args.filter((arg) => arg !== "--check");
  if (unknown.length > 0)
    throw new SuretyError("USAGE", `Unknown argument ${unknown[0]}; expected nothing or --check.`);
  const folder = join(root, "sdk/src/abis");
  const files = generateAbis(join(root, "artifacts/contracts"), ABI_CONTRACTS);
  const changed = differences(folder, files);
  if (args.includes("--check")) {
    if (changed.length === 0) {
      console.log(`${files.size} files are as the contracts say.`);
      return;
    }
    throw new SuretyError(
      "ABIS_STALE",
      `Run \`node scripts/abis.ts\`: ${changed.join(", ")} differ from the contracts.`,
    );
  }
  writeAbis(folder, files);
  console.log(changed.length === 0 ? `${files.size} files are as they were.` : `Wrote ${changed.join(", ")}.`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SuretyError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
