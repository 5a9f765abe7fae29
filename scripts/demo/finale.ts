import { type Abi, type Address, BaseError, ContractFunctionRevertedError, type Hex } from "viem";
import { claimProviderPay } from "../lib/actions/provider.ts";
import { claimVerifierPay } from "../lib/actions/verifier.ts";
import { readArtifact } from "../lib/artifacts.ts";
import { read } from "../lib/contracts.ts";
import { createSteps } from "../lib/steps.ts";
import { DEPLOYER, devAccount } from "./accounts.ts";
import { ceilingOf } from "./ceiling.ts";
import type { DappAnswer } from "./record-result.ts";
import { addressOf, idOf, type Market } from "./setup.ts";
import type { DemoState, Settled } from "./state.ts";
import { MAX_AGE, THRESHOLD_SHARE } from "./terms.ts";

/** What a dapp reads of a record; score 1e9 = 100 %. */
export type Summary = { score: number; samples: number; openCases: number };

/** The settlements of one record. */
export const settledOf = (state: DemoState, provider: Address, modelId: Hex): Settled[] =>
  state.settled.filter((one) => one.provider === provider && one.modelId === modelId);

/** The record's summary as it stands. */
export const summaryOf = (market: Market, provider: Address, modelId: Hex): Promise<Summary> =>
  read(market.as(devAccount(DEPLOYER)), "ReliabilityLedger", "reliability", [provider, modelId]);

/** The score that the dapp asks for: a fixed share of the lowest ceiling, 1e9 = 100 %. */
export function thresholdOf(state: DemoState, market: Market): bigint {
  const ceilings = market.providers.flatMap((provider) =>
    market.models.map((model) => ceilingOf(settledOf(state, addressOf(provider), idOf(model)))),
  );
  return BigInt(Math.floor(Math.min(...ceilings) * THRESHOLD_SHARE * 1e9));
}

/** Deploys the dapp with its threshold. */
export async function deployDapp(market: Market, threshold: bigint): Promise<Address> {
  const sender = market.as(devAccount(DEPLOYER));
  const steps = await createSteps(sender, () => undefined);
  return steps.create("GatedConsumer", [market.deployment.contracts.ReliabilityLedger, threshold, MAX_AGE]);
}

/** Asks the dapp to accept a provider for a model, in a transaction if it would. */
export async function askDapp(market: Market, dapp: Address, provider: Address, modelId: Hex): Promise<DappAnswer> {
  const { client, wallet } = market.as(devAccount(DEPLOYER));
  const abi: Abi = [...readArtifact("GatedConsumer").abi, ...readArtifact("ReliabilityLedger").abi];
  const request = { address: dapp, abi, functionName: "accept", args: [provider, modelId] } as const;
  try {
    await client.simulateContract({ ...request, account: wallet.account });
  } catch (error) {
    return { accepted: false, reason: revertReason(error) };
  }
  const hash = await wallet.writeContract({ ...request, account: wallet.account, chain: wallet.chain });
  const { status } = await client.waitForTransactionReceipt({ hash });
  return { accepted: status === "success", reason: status === "success" ? "Accepted" : `reverted in ${hash}` };
}

/** A contract's refusal as "Name(have, need)", shares of 1e9 written as they are. */
function revertReason(error: unknown): string {
  const revert = error instanceof BaseError && error.walk((e) => e instanceof ContractFunctionRevertedError);
  if (!(revert instanceof ContractFunctionRevertedError) || revert.data === undefined) throw error;
  const { errorName, args = [] } = revert.data;
  const shown = errorName === "ReliabilityScoreTooLow" ? args.map((arg) => `${Number(arg) / 1e7} %`) : args.map(String);
  return errorName === "ReliabilityScoreTooLow"
    ? `${errorName}(have ${shown[0]}, need ${shown[1]})`
    : `${errorName}(${shown.join(", ")})`;
}

/**
 * Pays everybody what they earned: amounts in the asset's smallest unit by address, lower case. The deployer pushes all claims,
 * one after the other, as anybody may: the keys of the verifiers that still run send transactions of their own, and two
 * senders of one key take each other's nonces.
 */
export async function claimAll(market: Market): Promise<Map<Address, bigint>> {
  const pusher = market.as(devAccount(DEPLOYER));
  const modelIds = market.models.map(idOf);
  const paid = new Map<Address, bigint>();
  for (const provider of market.providers.map(addressOf)) {
    paid.set(provider, (await claimProviderPay(pusher, { provider, modelIds })).paid);
  }
  for (const { key } of market.verifiers) {
    const verifier = key.account.address.toLowerCase() as Address;
    paid.set(verifier, (await claimVerifierPay(pusher, { verifier })).paid);
  }
  return paid;
}
