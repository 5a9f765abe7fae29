import { type Address, getAbiItem, type Hex, type PublicClient } from "viem";
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
  const { verifier, dataRoot, salt, proof } = found.args;
  return { provider, modelId, epoch, role, seat, verifier, dataRoot, salt, proof };
}
