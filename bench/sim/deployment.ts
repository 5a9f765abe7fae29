import { leastExitDelay } from "@surety/protocol";
import { type Address, getAddress, getContractAddress } from "viem";
import { type Contracts, deploySurety } from "../../scripts/lib/deploy.ts";
import type { Steps } from "../../scripts/lib/steps.ts";
import type { Chain } from "./chain.ts";
import { EPOCH_LENGTH, type JurySize, TERMS, WINDOWS, wei } from "./terms.ts";

/** Steps of the deploy script on the simulation's chain. */
function stepsOn(chain: Chain, deployer: Address): Steps {
  return {
    calls: [],
    async create(name, args) {
      const { contractAddress } = await chain.create(deployer, name, args);
      return getAddress(contractAddress!);
    },
    async addressAfter(steps) {
      return getContractAddress({ from: deployer, nonce: (await chain.nonce(deployer)) + BigInt(steps) });
    },
    async call(name, address, functionName, args) {
      await chain.send(deployer, address, name, functionName, args);
    },
  };
}

/** Addresses that get what nobody earned, and the reserve's part of slashes. */
export type Sinks = { sink: Address; reserve: Address };

/** Deploys every contract and the asset, as on a devnet; epoch 0 begins a minute from now. */
export async function deployOn(
  chain: Chain,
  deployer: Address,
  { sink, reserve }: Sinks,
  jury: JurySize,
): Promise<{ contracts: Contracts; genesis: bigint }> {
  const steps = stepsOn(chain, deployer);
  const asset = await steps.create("TestAsset", []);
  const genesis = chain.now + 60n;
  const contracts = await deploySurety(steps, deployer, {
    genesis,
    epochLength: EPOCH_LENGTH,
    windows: WINDOWS,
    exitDelay: leastExitDelay({ genesis, length: EPOCH_LENGTH }, WINDOWS),
    asset,
    ticketSize: wei(TERMS.ticket),
    beacon: "header",
    tip: 0n,
    sink,
    reserve,
    demandBond: wei(TERMS.demandBond),
    caseBond: wei(TERMS.caseBond),
    jurySize: BigInt(jury.seats),
    juryVotes: BigInt(jury.votes),
    governance: deployer,
  });
  return { contracts: { ...contracts, TestAsset: asset }, genesis };
}
