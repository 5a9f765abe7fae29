import { caseId, SuretyError } from "@surety/protocol";
import {
  type Account,
  type Address,
  type Chain,
  type Hex,
  type Log,
  type PublicClient,
  parseAbi,
  parseEventLogs,
  type Transport,
  type WalletClient,
} from "viem";
import { demandsAbi, disputeCourtAbi, errorsAbi, penaltiesAbi, stakePoolAbi } from "../abis/index.ts";
import { explainRevert } from "../errors.ts";
import { answeredProof } from "./answers.ts";
import type { CourtProof } from "./proof.ts";
import type { SavedReceipt } from "./saved-receipt.ts";
import { CASE_STATES, type CaseState, DEMAND_STATES, type DemandState } from "./states.ts";

/** What a client's way to the court is made from. */
export type CourtOptions = {
  client: PublicClient;
  /** Who accuses: pays the bonds and gets them back. */
  wallet: WalletClient<Transport, Chain, Account>;
  /** Addresses by name, as in the deployment file. */
  contracts: Record<string, Address>;
  /** First block that may hold the court's events. Default 0. */
  startBlock?: bigint;
};

/** Contracts that hold what the court owes. */
export const TILLS = ["Demands", "DisputeCourt", "SeatCases", "Penalties"] as const;
/** One of them. */
export type Till = (typeof TILLS)[number];

const assetAbi = parseAbi([
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 amount)",
]);

/** The court, for who holds a receipt. Bonds are approved as they are needed, each exactly. */
export type Court = ReturnType<typeof createCourt>;

/**
 * A client's way to the court (docs/protocol.md section 8): it demands the leaf of a receipt that it holds or the proof
 * that the log has it, opens a case about a wrong answer, ends what is over, and fetches what it is owed. Every function
 * that sends returns once its transaction is mined.
 *
 * They throw SuretyError COURT_REFUSED (the contract's error by name, nothing sent), COURT_REVERTED (mined and refused),
 * and of viem what comes of a node that does not answer.
 */
export function createCourt({ client, wallet, contracts, startBlock = 0n }: CourtOptions) {
  const account = wallet.account;
  const at = (name: string): Address => {
    const found = contracts[name];
    if (found) return found;
    throw new SuretyError("COURT_NO_CONTRACT", `The deployment names no ${name}; name it under contracts.`);
  };
  const demands = { address: at("Demands"), abi: demandsAbi } as const;
  const court = { address: at("DisputeCourt"), abi: disputeCourtAbi } as const;

  const send = async (
    what: string,
    request: { address: Address; abi: readonly unknown[]; functionName: string; args: readonly unknown[] },
  ): Promise<Log[]> => {
    const call = { ...request, abi: [...request.abi, ...errorsAbi], account } as never;
    try {
      await client.simulateContract(call);
    } catch (cause) {
      const revert = explainRevert(cause, errorsAbi);
      if (!revert) throw cause;
      const details = { error: revert.name, args: revert.args };
      throw new SuretyError("COURT_REFUSED", `Not sent: ${what} would be refused with ${revert.text}.`, {
        cause,
        details,
      });
    }
    const hash = await wallet.writeContract({ ...(call as object), chain: wallet.chain } as never);
    const { status, logs } = await client.waitForTransactionReceipt({ hash });
    if (status === "success") return logs;
    throw new SuretyError("COURT_REVERTED", `${what} was mined and refused (${hash}): look at its state.`, {
      details: { hash },
    });
  };

  /** Lets a room take its bond, if it may not yet. */
  const approveBond = async (room: typeof demands | typeof court): Promise<void> => {
    const [bond, asset] = await Promise.all([
      client.readContract({ address: room.address, abi: demandsAbi, functionName: "bond" }),
      client.readContract({ address: at("StakePool"), abi: stakePoolAbi, functionName: "asset" }),
    ]);
    const token = { address: asset, abi: assetAbi } as const;
    const pair = [account.address, room.address] as const;
    if ((await client.readContract({ ...token, functionName: "allowance", args: pair })) >= bond) return;
    await send("the approval of the bond", { ...token, functionName: "approve", args: [room.address, bond] });
  };

  const demand = async (functionName: "demandLeaf" | "demandReceipt", saved: SavedReceipt): Promise<Hex> => {
    await approveBond(demands);
    const { receipt, signature } = saved;
    const logs = await send(functionName, { ...demands, functionName, args: [receipt, signature] });
    return parseEventLogs({ abi: demandsAbi, eventName: "Demanded", logs })[0]!.args.id;
  };

  return {
    /** Demands the leaf of a receipt, with its tensors on chain. @returns the demand's number */
    demandLeaf: (saved: SavedReceipt): Promise<Hex> => demand("demandLeaf", saved),

    /** Demands the proof that the log holds a receipt: without it the provider is punished for the omission. */
    proveOmission: (saved: SavedReceipt): Promise<Hex> => demand("demandReceipt", saved),

    /** The leaf that the answer to a demand proved; throws COURT_NO_PROOF. */
    proofOf: (id: Hex): Promise<CourtProof> =>
      answeredProof(client, { demands: demands.address, openings: at("Openings"), id, fromBlock: startBlock }),

    /** Opens a case about a signed answer whose leaf is in the log. @returns the case's number */
    openCase: async ({ receipt, signature }: SavedReceipt, proof: CourtProof): Promise<Hex> => {
      await approveBond(court);
      await send("openReceipt", { ...court, functionName: "openReceipt", args: [proof, receipt, signature] });
      return caseId(receipt);
    },

    /** Fails a demand that was not answered in time. */
    fail: async (id: Hex): Promise<void> => {
      await send("fail", { ...demands, functionName: "fail", args: [id] });
    },

    /** Ends a case that was not answered, or whose jury has finished. */
    close: async (id: Hex): Promise<void> => {
      await send("close", { ...court, functionName: "close", args: [id] });
    },

    /** Where a demand stands, and until when it can be answered (Unix seconds). */
    demandState: async (id: Hex): Promise<{ state: DemandState; deadline: bigint }> => {
      const { state, deadline } = await client.readContract({ ...demands, functionName: "demandOf", args: [id] });
      return { state: DEMAND_STATES[state]!, deadline };
    },

    /** Where a case stands. */
    caseState: async (id: Hex): Promise<CaseState> =>
      CASE_STATES[(await client.readContract({ ...court, functionName: "caseOf", args: [id] })).state]!,

    /** Fetches all that the court owes the account: restitution, shares of slashes, bonds. @returns the sum */
    claim: async (): Promise<bigint> => {
      let sum = 0n;
      for (const till of TILLS) {
        const payer = { address: at(till), abi: penaltiesAbi } as const;
        const due = await client.readContract({ ...payer, functionName: "owed", args: [account.address] });
        if (due > 0n) await send("claim", { ...payer, functionName: "claim", args: [account.address] });
        sum += due;
      }
      return sum;
    },
  };
}
