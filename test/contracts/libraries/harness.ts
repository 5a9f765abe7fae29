import { SuretyError } from "@surety/protocol";
import { assert } from "chai";
import type { Contract } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";

/** Options of a property: one seed for all, so that a failure comes back. */
export const runs = (numRuns: number) => ({ numRuns, seed: 0x5eed });

/** What both twins answer to input that they must not take. */
export const REFUSED = "refused";

async function deploy(): Promise<Contract> {
  const { ethers } = await network.create();
  return ethers.deployContract("LibraryHarness");
}

let deployed: Promise<Contract> | undefined;

/** The harness on one in-process chain, shared by all differential tests. */
export function harness(): Promise<Contract> {
  deployed ??= deploy();
  return deployed;
}

/** Calls a function of the harness without a transaction; the answer is decoded as ethers does. */
export async function call(name: string, ...args: unknown[]) {
  return (await harness()).getFunction(name).staticCall(...args);
}

/** As {@link call}, but REFUSED if the contract reverts. */
export async function attempt(name: string, ...args: unknown[]) {
  try {
    return await call(name, ...args);
  } catch (error) {
    if (error instanceof Error && error.name === "SolidityError") return REFUSED;
    throw error;
  }
}

/** What the TypeScript twin answers, or REFUSED if it throws a SuretyError. */
export function attemptTs<T>(compute: () => T): T | typeof REFUSED {
  try {
    return compute();
  } catch (error) {
    if (error instanceof SuretyError) return REFUSED;
    throw error;
  }
}

/** Asserts that a check passes in both languages or is refused in both, and says which. */
export async function sameVerdict(compute: () => unknown, name: string, ...args: unknown[]): Promise<boolean> {
  const passes = attemptTs(compute) !== REFUSED;
  assert.equal((await attempt(name, ...args)) !== REFUSED, passes, `${name} passes`);
  return passes;
}

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => `0x${Buffer.from(b).toString("hex")}` as const);

/** Any 32 bytes. */
export const bytes32 = hex(32);
/** Any address, in lower case. */
export const address = hex(20);
/** Any unsigned integer of so many bits, the ends included. */
export const uint = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
