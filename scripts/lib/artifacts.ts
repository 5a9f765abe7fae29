import { readFileSync } from "node:fs";
import { SuretyError } from "@surety/protocol";
import type { Abi, Hex } from "viem";

/** What is needed of a compiled contract. */
export type Artifact = { abi: Abi; bytecode: Hex };

const folders = {
  AccessManager: "@openzeppelin/contracts/access/manager",
  EpochClock: "contracts/epoch",
  HeaderBeacon: "contracts/epoch",
  DrandBeacon: "contracts/epoch",
  ReliabilityLedger: "contracts/reliability",
  StakePool: "contracts/stake",
  ProviderRegistry: "contracts/registry",
  ModelRegistry: "contracts/registry",
  VerifierRegistry: "contracts/registry",
  CommitmentBook: "contracts/availability",
  ReceiptLog: "contracts/availability",
  RewardDistributor: "contracts/rewards",
  Penalties: "contracts/court",
  AttestationHub: "contracts/verification",
  Faults: "contracts/court",
  Openings: "contracts/court",
  Demands: "contracts/court",
  Juries: "contracts/court",
  DisputeCourt: "contracts/court",
  SeatCases: "contracts/court",
  Attendance: "contracts/court",
  TestAsset: "contracts/examples",
  GatedConsumer: "contracts/examples",
} as const;

/** Contracts whose compiled form `readArtifact` knows. */
export type ContractName = keyof typeof folders;

/** Their names, from the lowest to the highest. */
export const contractNames = Object.keys(folders) as ContractName[];

const cache = new Map<ContractName, Artifact>();

/**
 * Reads a compiled contract, once per process.
 * @throws {SuretyError} `ARTIFACT_MISSING` if the contracts were not built.
 */
export function readArtifact(name: ContractName): Artifact {
  const known = cache.get(name);
  if (known) return known;
  const file = new URL(`../../artifacts/${folders[name]}/${name}.sol/${name}.json`, import.meta.url);
  try {
    const { abi, bytecode } = JSON.parse(readFileSync(file, "utf8")) as Artifact;
    cache.set(name, { abi, bytecode });
    return { abi, bytecode };
  } catch (cause) {
    throw new SuretyError("ARTIFACT_MISSING", `The compiled ${name} cannot be read; run \`npm run build\` first.`, {
      cause,
      details: { file: file.pathname },
    });
  }
}
