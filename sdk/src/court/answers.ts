import { SuretyError } from "@surety/protocol";
import { type Address, getAbiItem, type Hex, type PublicClient } from "viem";
import { openingsAbi } from "../abis/index.ts";
import type { CourtProof } from "./proof.ts";

/**
 * The leaf that the answer to a demand proved, with its path: what a case about it takes.
 * @param at.demands, at.openings The contracts. @param at.fromBlock First block that may hold the answer.
 * @throws SuretyError COURT_NO_PROOF if no answer has proved a leaf
 */
export async function answeredProof(
  client: PublicClient,
  { demands, openings, id, fromBlock }: { demands: Address; openings: Address; id: Hex; fromBlock: bigint },
): Promise<CourtProof> {
  const event = getAbiItem({ abi: openingsAbi, name: "LeafProved" });
  const args = { room: demands, id };
  const [proved] = await client.getLogs({ address: openings, event, args, fromBlock, strict: true });
  if (proved) return { leaf: proved.args.leaf, path: proved.args.path };
  throw new SuretyError(
    "COURT_NO_PROOF",
    `No answer to demand ${id} has proved a leaf: it was not answered, or by what a verifier has.`,
    { details: { id } },
  );
}
