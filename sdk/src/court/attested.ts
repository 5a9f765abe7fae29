import { assignmentLeaf, openedPaths, ROLE_PROBE, SuretyError } from "@surety/protocol";
import { type Address, getAbiItem, type Hash, type Hex, type PublicClient } from "viem";
import { attestationHubAbi } from "../abis/index.ts";

/** A seat of a committee: role 0 probe, 1 re-run, 2 redraw. */
export type Seat = { provider: Address; modelId: Hex; epoch: bigint; role: number; seat: number };

/** What a seat has revealed, as the court takes it (IEvidence.sol). */
export type AttestedSeat = Seat & {
  verifier: Address;
  dataRoot: Hex;
  salt: Hex;
  /** Path of the assignment's leaf to the committed root. */
  proof: readonly Hex[];
};

/**
 * What a seat has revealed, as the court takes it.
 * @param at.hub The contract. @param at.fromBlock, at.toBlock Blocks that may hold the reveal.
 * @returns undefined if the seat revealed nothing there
 */
export async function attestedSeat(
  client: PublicClient,
  at: Seat & { hub: Address; fromBlock: bigint; toBlock?: bigint },
): Promise<AttestedSeat | undefined> {
  const { hub, provider, modelId, epoch, role, seat, fromBlock, toBlock = "latest" } = at;
  const event = getAbiItem({ abi: attestationHubAbi, name: "Revealed" });
  const query = { address: hub, event, args: { provider, modelId, epoch }, strict: true } as const;
  const logs = await client.getLogs({ ...query, fromBlock, toBlock });
  const found = logs.find(({ args }) => args.role === role && args.seat === seat);
  if (!found) return undefined;
  const { verifier, dataRoot, salt } = found.args;
  const proof = await pathOf(client, hub, found);
  return { provider, modelId, epoch, role, seat, verifier, dataRoot, salt, proof };
}

const EVENTS = [
  getAbiItem({ abi: attestationHubAbi, name: "Revealed" }),
  getAbiItem({ abi: attestationHubAbi, name: "Opened" }),
] as const;

/** Path of a reveal's leaf, from the events of all that were revealed with it: those up to the next `Opened`. */
async function pathOf(
  client: PublicClient,
  hub: Address,
  { blockHash, transactionHash, logIndex }: { blockHash: Hash; transactionHash: Hash; logIndex: number },
): Promise<Hex[]> {
  const block = await client.getLogs({ address: hub, events: EVENTS, strict: true, blockHash });
  let leaves: Hex[] = [];
  let at = -1;
  for (const log of block) {
    if (log.transactionHash !== transactionHash) continue;
    if (log.eventName === "Revealed") {
      const { role, report } = log.args;
      if (log.logIndex === logIndex) at = leaves.length;
      leaves.push(assignmentLeaf({ ...log.args, report: role === ROLE_PROBE ? report : 0n }));
    } else if (at >= 0) {
      return openedPaths(leaves, log.args)[at]!;
    } else {
      leaves = [];
    }
  }
  throw new SuretyError("REVEAL_NOT_OPENED", `the node tells no opening after the reveal in ${transactionHash}`);
}
