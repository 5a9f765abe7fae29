import { SuretyError } from "@surety/protocol";
import {
  type Address,
  BaseError,
  encodeDeployData,
  getAddress,
  getContractAddress,
  getContractError,
  type Hex,
} from "viem";
import { type ContractName, readArtifact } from "./artifacts.ts";
import { type Sender, signer } from "./context.ts";
import { allErrors } from "./contracts.ts";
import { type CallReport, mined, perform } from "./perform.ts";
import { refusal } from "./refusal.ts";
import { showArguments, type Units } from "./shown.ts";

/** What putting contracts on a chain is made of. */
export type Steps = {
  /** Creates a contract; the address where it is, or in a dry run will be. */
  create(contract: ContractName, args: readonly unknown[]): Promise<Address>;
  /** The address of a contract that is created after `steps` more steps. */
  addressAfter(steps: number): Promise<Address>;
  /** Calls one. */
  call(contract: ContractName, address: Address, functionName: string, args: readonly unknown[]): Promise<void>;
  /** What was done so far. */
  readonly calls: CallReport[];
};

/** Makes steps: sent and awaited one after the other, or in a dry run only noted. `units` writes arguments for people. */
export async function createSteps(sender: Sender, units: Units): Promise<Steps> {
  return sender.dryRun ? drySteps(sender, units) : liveSteps(sender, units);
}

/** A refusal carries what was sent before as `details.calls`. */
function liveSteps(sender: Sender, units: Units): Steps {
  const { wallet, log } = sender;
  const calls: CallReport[] = [];
  const names: Record<string, Address> = {};

  async function send(contract: ContractName, args: readonly unknown[]): Promise<CallReport> {
    const { abi } = readArtifact(contract);
    const functionName = "constructor";
    // Estimating its gas tries it first: what would fail is not sent.
    const hash = await wallet.sendTransaction({ data: creation(contract, args) });
    log.info({ contract, hash }, "sent");
    const receipt = await mined(sender, { contract, functionName }, hash);
    const { status, contractAddress, gasUsed: gas, blockNumber: block, logs } = receipt;
    if (status !== "success" || !contractAddress) {
      const message = `${contract} was not created: its transaction was mined and reverted (${hash}).`;
      throw new SuretyError("CALL_REVERTED", message, { details: { hash } });
    }
    const address = getAddress(contractAddress);
    log.info({ contract, address, gas: Number(gas) }, "created");
    const shown = showArguments(abi, functionName, args, names, units);
    return { contract, functionName, address, shown, status: "sent", hash, gas, block, logs };
  }

  return {
    calls,
    async create(contract, args) {
      const report = await send(contract, args).catch((error) => {
        throw withCalls(creationRefusal(contract, error), calls);
      });
      calls.push(report);
      names[contract] = report.address;
      return report.address;
    },
    async addressAfter(steps) {
      const from = signer(sender);
      const nonce = await sender.client.getTransactionCount({ address: from, blockTag: "pending" });
      return getContractAddress({ from, nonce: BigInt(nonce + steps) });
    },
    async call(contract, address, functionName, args) {
      const { abi } = readArtifact(contract);
      const shown = showArguments(abi, functionName, args, names, units);
      const call = { contract, address, abi, functionName, args, shown };
      const reports = await perform(sender, [call]).catch((error) => {
        throw withCalls(refusal(`${contract}.${functionName}`, error), calls);
      });
      calls.push(...reports);
    },
  };
}

/**
 * Steps that only say what would be done, at the addresses where it would be. A contract that depends on no other is
 * tried.
 */
async function drySteps(sender: Sender, units: Units): Promise<Steps> {
  const from = signer(sender);
  let nonce = BigInt(await sender.client.getTransactionCount({ address: from, blockTag: "pending" }));
  const calls: CallReport[] = [];
  const names: Record<string, Address> = {};
  function note(contract: ContractName, address: Address, functionName: string, args: readonly unknown[]): CallReport {
    const shown = showArguments(readArtifact(contract).abi, functionName, args, names, units);
    const report: CallReport = { contract, address, functionName, shown, status: "untried", logs: [] };
    calls.push(report);
    nonce += 1n;
    return report;
  }
  return {
    calls,
    async create(contract, args) {
      const address = getContractAddress({ from, nonce });
      const report = note(contract, address, "constructor", args);
      names[contract] = address;
      if (args.some((arg) => typeof arg !== "string" || arg !== from)) return address;
      const gas = await sender.client.estimateGas({ account: from, data: creation(contract, args) }).catch((error) => {
        throw creationRefusal(contract, error);
      });
      Object.assign(report, { status: "planned", gas });
      return address;
    },
    async addressAfter(steps) {
      return getContractAddress({ from, nonce: nonce + BigInt(steps) });
    },
    async call(contract, address, functionName, args) {
      note(contract, address, functionName, args);
    },
  };
}

/** The data of a transaction that creates a contract. */
export function creation(contract: ContractName, args: readonly unknown[]): Hex {
  const { abi, bytecode } = readArtifact(contract);
  return encodeDeployData({ abi, bytecode, args } as Parameters<typeof encodeDeployData>[0]);
}

/** As `refusal`; what a node says of a failed creation is decoded as that of a call is. */
export function creationRefusal(contract: ContractName, error: unknown): SuretyError {
  if (!(error instanceof BaseError)) return refusal(`new ${contract}`, error);
  return refusal(`new ${contract}`, getContractError(error, { abi: allErrors, args: [], functionName: "constructor" }));
}

function withCalls(error: SuretyError, calls: CallReport[]): SuretyError {
  const { code, message, retryable, details, cause } = error;
  return new SuretyError(code, message, { cause, retryable, details: { ...details, calls } });
}
