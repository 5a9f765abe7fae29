import { rpc } from "@surety/node-kit";
import { receiptStructHash, SuretyError } from "@surety/protocol";
import type { PublicClient } from "viem";
import type { Act, CourtContracts } from "./access.ts";
import type { OpenDemand } from "./docket.ts";
import type { KeptLeaves } from "./leaves.ts";

const [SAMPLE, LEAF] = [0, 1];

/**
 * Makes the function that answers a demand: with the leaf, its path and tensors, or with the place of a signed receipt in
 * the log (docs/protocol.md section 6, "Opening"). Who made it does not matter: silence costs stake, an answer earns its bond.
 */
export function createAnswers(deps: {
  client: PublicClient;
  contracts: CourtContracts;
  leaves: KeptLeaves;
  act: Act;
}): (demand: OpenDemand) => Promise<void> {
  const { client, contracts, leaves, act } = deps;
  const { demands } = contracts;

  const answerLeaf = async ({ id, kind, modelId, epoch, place, deadline }: OpenDemand): Promise<void> => {
    const find =
      kind === SAMPLE ? leaves.byPosition(modelId, epoch, place) : leaves.bySeq(modelId, epoch, Number(place));
    const { proof, opening } = await find;
    const call = { ...demands, functionName: "answerLeaf", args: [id, proof, opening] } as const;
    await act({ key: `court:answer:${id}`, contract: "Demands", deadline, ...call });
  };

  const answerReceipt = async ({ id, modelId, epoch, place, deadline }: OpenDemand): Promise<void> => {
    const read = () => client.readContract({ ...demands, functionName: "demandOf", args: [id] });
    const [{ subject }, leaf] = await Promise.all([rpc("a demand", read), leaves.bySeq(modelId, epoch, Number(place))]);
    if (receiptStructHash(leaf.receipt) !== subject) {
      const message = `Demand ${id} shows another receipt with number ${place} of epoch ${epoch} than this store signed: a second provider uses this key, or this store is old.`;
      throw new SuretyError("PROVIDER_FOREIGN_RECEIPT", message);
    }
    const args = [id, leaf.receipt, leaf.salt, leaf.proof.path] as const;
    const call = { ...demands, functionName: "answerReceipt", args } as const;
    await act({ key: `court:answer:${id}`, contract: "Demands", deadline, ...call });
  };

  return (demand) => (demand.kind === SAMPLE || demand.kind === LEAF ? answerLeaf(demand) : answerReceipt(demand));
}
