import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SuretyError } from "@surety/protocol";
import { type Address, getAddress, isAddress } from "viem";
import { z } from "zod";

/** What stands on a chain: `deployments/<chainId>.json`. */
export type Deployment = {
  chainId: number;
  /** First block that may hold logs of these contracts. */
  startBlock: bigint;
  /** Start of epoch 0, in seconds of chain time. */
  genesis: bigint;
  /** Addresses by contract name. */
  contracts: Record<string, Address>;
  /** Whatever else the deploy script noted: the epoch's length, windows, the commit. */
  [more: string]: unknown;
};

const quantity = z
  .union([z.int().nonnegative(), z.string().regex(/^\d{1,20}$/, "expected a whole number")])
  .transform(BigInt);
const address = z
  .custom<Address>((text) => typeof text === "string" && isAddress(text), "expected an address")
  .transform((text) => getAddress(text));
const schema = z.looseObject({
  chainId: z.int().positive(),
  startBlock: quantity,
  genesis: quantity,
  contracts: z.record(z.string().regex(/^[A-Z][A-Za-z0-9]*$/, "expected a contract name"), address),
});

/**
 * Reads what was deployed on a chain.
 *
 * @throws SuretyError DEPLOYMENT_MISSING, DEPLOYMENT_MALFORMED.
 */
export function readDeployment(directory: string, chainId: number): Deployment {
  const path = join(directory, `${chainId}.json`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const message = `Nothing is known to be deployed on chain id ${chainId}: ${path} cannot be read. Run the deploy script first, or name the right folder and chain id.`;
    throw new SuretyError("DEPLOYMENT_MISSING", message, { cause, details: { path, chainId } });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SuretyError("DEPLOYMENT_MALFORMED", `${path} is no JSON: ${(cause as Error).message}.`, { cause });
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    const message = `${path} is no deployment: ${issue?.path.join(".") || "the file"}: ${issue?.message}.`;
    throw new SuretyError("DEPLOYMENT_MALFORMED", message, { details: { path } });
  }
  if (result.data.chainId !== chainId) {
    const message = `${path} describes chain id ${result.data.chainId}; expected ${chainId}.`;
    throw new SuretyError("DEPLOYMENT_MALFORMED", message, { details: { have: result.data.chainId, need: chainId } });
  }
  return result.data;
}

/** Writes `<chainId>.json` in one step, so that a reader never sees half of it. Large numbers become decimal texts. */
export function writeDeployment(directory: string, deployment: Deployment): string {
  const path = join(directory, `${deployment.chainId}.json`);
  const plain = (_key: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(deployment, plain, 2)}\n`);
  renameSync(temporary, path);
  return path;
}

/** Names of the contracts that a seed may be drawn from; a deployment has one of them. */
export type BeaconName = "HeaderBeacon" | "DrandBeacon";

/**
 * @returns The beacon that a deployment draws its seeds from.
 * @throws SuretyError DEPLOYMENT_INCOMPLETE
 */
export function beaconOf(deployment: Deployment): { name: BeaconName; address: Address } {
  const name = Object.hasOwn(deployment.contracts, "DrandBeacon") ? "DrandBeacon" : "HeaderBeacon";
  return { name, address: contractAddress(deployment, name) };
}

/**
 * @returns The address of a deployed contract.
 * @throws SuretyError DEPLOYMENT_INCOMPLETE that names what is deployed.
 */
export function contractAddress({ contracts, chainId }: Deployment, name: string): Address {
  const found = Object.hasOwn(contracts, name) ? contracts[name] : undefined;
  if (found) return found;
  const message = `No ${name} is deployed on chain id ${chainId}; there are ${Object.keys(contracts).join(", ") || "no contracts"}.`;
  throw new SuretyError("DEPLOYMENT_INCOMPLETE", message, { details: { name, chainId } });
}
