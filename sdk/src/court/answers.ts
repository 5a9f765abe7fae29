import { SuretyError } from "@surety/protocol";
import { type Address, decodeFunctionData, getAbiItem, type Hex, type PublicClient } from "viem";
import { demandsAbi } from "../abis/index.ts";
import { type CourtProof, receiptProof } from "./proof.ts";

const noProof = (id: Hex, why: string): SuretyError =>
  new SuretyError("COURT_NO_PROOF", `The path of the leaf cannot be taken from the answer to demand ${id}: ${why}.`, {
    details: { id },
  });

/**
 * The leaf that the answer to a demand proved, with its path: what a case about it takes. Read from the answer's
 * transaction, which is public.
 * @param demands The contract. @param fromBlock First block that may hold the answer.
 * @throws SuretyError COURT_NO_PROOF if it was not answered, or not by a plain call
 */
export async function answeredProof(
  client: PublicClient,
  { demands, id, fromBlock }: { demands: Address; id: Hex; fromBlock: bigint },
): Promise<CourtProof> {
  const event = getAbiItem({ abi: demandsAbi, name: "Answered" });
  const [answered] = await client.getLogs({ address: demands, event, args: { id }, fromBlock, strict: true });
  if (!answered) throw noProof(id, "it was not answered");
  const { input, to } = await client.getTransaction({ hash: answered.transactionHash });
  if (to?.toLowerCase() !== demands.toLowerCase()) throw noProof(id, "another contract passed it on");
  const { functionName, args } = decodeFunctionData({ abi: demandsAbi, data: input });
  if (functionName === "answerLeaf") return args[1];
  if (functionName === "answerReceipt") return receiptProof(args[1], args[2], args[3]);
  throw noProof(id, "it shows what a verifier has, no leaf");
}
