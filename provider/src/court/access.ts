import { contractAddress, type Deployment, type FunctionCall, rpc, type Sender, type Store } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import {
  attestationHubAbi,
  demandsAbi,
  disputeCourtAbi,
  juriesAbi,
  penaltiesAbi,
  providerRegistryAbi,
  stakePoolAbi,
} from "@surety/sdk";
import { type Abi, type Address, type PublicClient, parseAbi } from "viem";

/** The provider's way to the court. */
export type CourtAccess = {
  client: PublicClient;
  deployment: Deployment;
  /** Sends as the operator, who pays gas and the bonds of juries. */
  sender: Pick<Sender, "address" | "send" | "pending">;
  /** Keeps what was read of the court. */
  store: Store;
};

const assetAbi = parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 amount)",
]);

/** The court's contracts of a deployment, each with its ABI. */
export function courtContracts(deployment: Deployment) {
  const at = (name: string): Address => contractAddress(deployment, name);
  return {
    demands: { address: at("Demands"), abi: demandsAbi },
    court: { address: at("DisputeCourt"), abi: disputeCourtAbi },
    juries: { address: at("Juries"), abi: juriesAbi },
    penalties: { address: at("Penalties"), abi: penaltiesAbi },
    hub: { address: at("AttestationHub"), abi: attestationHubAbi },
    providers: { address: at("ProviderRegistry"), abi: providerRegistryAbi },
    pool: { address: at("StakePool"), abi: stakePoolAbi },
  } as const;
}

/** These contracts. */
export type CourtContracts = ReturnType<typeof courtContracts>;

/** One transaction, by ABI. */
export type ActCall = {
  /** Names the act for ever. */
  key: string;
  /** The contract's name. */
  contract: string;
  address: Address;
  abi: Abi;
  functionName: string;
  args: readonly unknown[];
  /** Chain time (Unix seconds) from which on it is useless. */
  deadline?: bigint;
};

/** Sends one act and waits until it is mined; the same key is the same transaction, unless it was mined and refused. */
export type Act = (call: ActCall) => Promise<void>;

/** Makes the function that sends acts. A key whose transaction was mined and refused is used up, and gets a number. */
export function createAct(sender: Pick<Sender, "send">): Act {
  const refused = new Map<string, number>();
  return async ({ address, key, ...call }) => {
    const tries = refused.get(key) ?? 0;
    try {
      await sender.send({ ...call, to: address, key: tries === 0 ? key : `${key} (${tries + 1})` } as FunctionCall);
    } catch (error) {
      if (error instanceof SuretyError && error.code === "TX_REVERTED") refused.set(key, tries + 1);
      throw error;
    }
  };
}

/**
 * Lets the court take one bond from the operator, if it may not yet. Acts that take a bond go one after the other, so an
 * approval is never taken by another.
 * @throws SuretyError COURT_NO_BOND if the operator has less than the bond
 */
export async function approveBond(access: CourtAccess, contracts: CourtContracts, act: Act): Promise<void> {
  const { client, sender } = access;
  const { court, pool } = contracts;
  const [bond, address, head] = await rpc("the court's bond", () =>
    Promise.all([
      client.readContract({ ...court, functionName: "bond" }),
      client.readContract({ ...pool, functionName: "asset" }),
      client.getBlockNumber(),
    ]),
  );
  const token = { address, abi: assetAbi } as const;
  const [balance, allowance] = await rpc("the operator's tokens", () =>
    Promise.all([
      client.readContract({ ...token, functionName: "balanceOf", args: [sender.address] }),
      client.readContract({ ...token, functionName: "allowance", args: [sender.address, court.address] }),
    ]),
  );
  if (balance < bond) {
    const message = `The operator ${sender.address} has ${balance} of the asset's smallest unit, calling a jury takes a bond of ${bond}: send it the difference in ${address}.`;
    throw new SuretyError("COURT_NO_BOND", message, { retryable: true, details: { have: balance, need: bond } });
  }
  if (allowance >= bond) return;
  await act({
    // An approval says the same twice; one that an earlier jury has used up must be made again.
    key: `court:approve:${head}`,
    contract: "asset",
    ...token,
    functionName: "approve",
    args: [court.address, bond],
  });
}
