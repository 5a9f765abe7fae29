import type { FunctionCall, Sender as Transactions } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import {
  attendanceAbi,
  attestationHubAbi,
  demandsAbi,
  disputeCourtAbi,
  drandBeaconAbi,
  faultsAbi,
  headerBeaconAbi,
  juriesAbi,
  penaltiesAbi,
  rewardDistributorAbi,
  seatCasesAbi,
  verifierRegistryAbi,
} from "@surety/sdk";
import { type Abi, type Address, type Hex, type PublicClient, parseAbi } from "viem";
import type { Blocks, Call, Outcome, Revert, Sender } from "./ports.ts";
import type { RpcBlock } from "./settle/header.ts";

/** What the sender of a verifier is made from. */
export type SenderDeps = {
  client: PublicClient;
  /** The account's queue of transactions, from node-kit. */
  transactions: Transactions;
  /** The hub, the beacon that this deployment has, the court's rooms, and the asset of bonds. */
  contracts: { AttestationHub: Address } & Partial<Record<Call["contract"], Address>>;
};

const ABIS: Record<Call["contract"], Abi> = {
  AttestationHub: attestationHubAbi,
  HeaderBeacon: headerBeaconAbi,
  DrandBeacon: drandBeaconAbi,
  Penalties: penaltiesAbi,
  Faults: faultsAbi,
  Demands: demandsAbi,
  Juries: juriesAbi,
  DisputeCourt: disputeCourtAbi,
  SeatCases: seatCasesAbi,
  Attendance: attendanceAbi,
  RewardDistributor: rewardDistributorAbi,
  VerifierRegistry: verifierRegistryAbi,
  Asset: parseAbi(["function approve(address spender, uint256 amount)"]),
};

const MAX_TRANSACTION_GAS = 2n ** 24n;
/** More than the end of a case was seen to use; of many in one call each uses half of that. */
const CLOSING_GAS = 400_000n;

/**
 * Gas limits, about twice what the calls were seen to use (a reveal's seat may take many draws). A limit that is known
 * costs nothing; asking the node for one runs the call many times over, and all verifiers ask within the same seconds. What
 * is done at the court is rare: the node is asked.
 */
function gasFor(call: Call): bigint | undefined {
  if (call.functionName === "draw") return 500_000n;
  if (call.contract !== "AttestationHub") return undefined;
  switch (call.functionName) {
    case "commit":
      return 150_000n;
    case "settleAll":
      return 300_000n + 500_000n * BigInt(call.args[0].length);
    case "reveal":
      return 200_000n + 400_000n * BigInt(call.args[1].length);
  }
}

/** What a call could be split into. */
function partsOf(call: Call): number {
  if (call.functionName === "multicall") return call.args[0].length;
  if (call.contract !== "AttestationHub") return 1;
  if (call.functionName === "reveal") return call.args[1].length;
  return call.functionName === "settleAll" ? call.args[0].length : 1;
}

const revertOf = (error: SuretyError): Revert => ({
  errorName: String(error.details?.error ?? "unknown"),
  args: (error.details?.args ?? {}) as Record<string, unknown>,
});

/**
 * Makes the verifier's sender: calls become transactions, errors become outcomes. A key whose transaction was mined and
 * refused is used up; the same act tried again gets a number behind its key.
 */
export function createCallSender({ client, transactions, contracts }: SenderDeps): Sender {
  const tries = new Map<string, number>();
  let blockGas: bigint | undefined;

  /** More than half a block's gas waits long for a place, and EIP-7825 allows a transaction no more than 2^24. */
  const isTooLarge = async (call: Call): Promise<boolean> => {
    const parts = partsOf(call);
    if (parts < 2) return false;
    const gas = gasFor(call) ?? CLOSING_GAS * BigInt(parts);
    blockGas ??= (await client.getBlock()).gasLimit;
    return gas > blockGas / 2n || gas > MAX_TRANSACTION_GAS;
  };

  const send = async (call: Call): Promise<Outcome> => {
    const { contract, functionName, args, deadline } = call;
    const tried = tries.get(call.key) ?? 0;
    const key = tried === 0 ? call.key : `${call.key} (${tried + 1})`;
    const gas = gasFor(call);
    if (await isTooLarge(call)) return { status: "too-large" };
    const limit = gas === undefined ? {} : { gas };
    const request = { key, contract, to: contracts[contract], abi: ABIS[contract], functionName, args, ...limit };
    try {
      await transactions.send({ ...request, ...(deadline !== undefined && { deadline }) } as FunctionCall);
      return { status: "confirmed" };
    } catch (error) {
      if (!(error instanceof SuretyError)) throw error;
      if (error.code === "TX_REVERTED") tries.set(call.key, tried + 1);
      const isRejected = error.code === "TX_REVERTED" || error.code === "TX_WOULD_REVERT";
      return isRejected ? { status: "rejected", revert: revertOf(error) } : { status: "unknown", code: error.code };
    }
  };

  return { send };
}

/** Reads blocks as the node gives them. */
export const createBlocks = (client: PublicClient): Blocks => ({
  async raw(number) {
    const tag: Hex = `0x${number.toString(16)}`;
    const block = await client.request({ method: "eth_getBlockByNumber", params: [tag, false] });
    if (block?.hash) return block as unknown as RpcBlock;
    throw new SuretyError("BLOCK_UNKNOWN", `the node has no block ${number}: it may be behind`, { retryable: true });
  },
});
