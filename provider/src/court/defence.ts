import { type Log, rpc } from "@surety/node-kit";
import { caseId, compare, decodeTensors, inDomain, SuretyError, samplePositions } from "@surety/protocol";
import { type Hex, hexToBytes, maxUint64 } from "viem";
import type { Head, ProviderChain } from "../chain.ts";
import type { Backend, ServedModel } from "../model.ts";
import { type Act, approveBond, type CourtAccess, type CourtContracts } from "./access.ts";
import type { Finding, OpenCase } from "./docket.ts";
import type { KeptLeaf, KeptLeaves } from "./leaves.ts";

/** Which cases are taken to the jury: all, those that an own re-run calls unjust, or none. */
export type Defend = "always" | "honest" | "never";

/** A case on which the jury may still be called, and until when (Unix seconds). */
export type Answerable = OpenCase & { answerEnd: bigint };

/** What decides about cases is made from. */
export type DefenceDeps = {
  access: CourtAccess;
  contracts: CourtContracts;
  chain: ProviderChain;
  leaves: KeptLeaves;
  /** Served models with what answers for them, by id. */
  models: ReadonlyMap<Hex, { model: ServedModel; backend: Pick<Backend, "run"> }>;
  defend: Defend;
  act: Act;
  log: Log;
};

/** Goes to the jury, or does not. */
export type Defence = {
  /** The leaves of a finding that no case has judged, each with until when the jury may be called (Unix seconds). */
  free(finding: Finding): Promise<{ over: boolean; cases: Answerable[] }>;
  /** Whether it was decided not to defend a case. */
  isLeft(id: Hex): boolean;
  /** Calls the jury on a case if it is to be defended. */
  answer(open: Answerable): Promise<void>;
  /** Ends a case that the jury has not confirmed; who wins by a conviction ends that. */
  close(open: OpenCase, head: Head): Promise<void>;
};

const [NONE, TRIED, PENDING, CONVICTED] = [0, 2, 1, 2];

/** Makes the provider's defence (docs/protocol.md section 8, "Cases"). */
export function createDefence(deps: DefenceDeps): Defence {
  const { access, contracts, chain, leaves, models, defend, act, log } = deps;
  const { client } = access;
  const { court, juries } = contracts;
  const { provider } = chain.identity;
  const decided = new Map<Hex, boolean>();
  /** When juries end (Unix seconds), which never changes; null: it has convicted. */
  const ends = new Map<Hex, bigint | null>();

  /** Whether the stored output is what the own model gives for the stored input now. */
  const isHonest = async ({ receipt, opening }: KeptLeaf): Promise<boolean> => {
    const served = models.get(receipt.modelId);
    if (!served)
      throw new SuretyError("PROVIDER_UNKNOWN_MODEL", `model ${receipt.modelId} is not served here any more`);
    const { profile, manifest } = served.model;
    const inputs = decodeTensors(hexToBytes(opening.inputs));
    const again = await served.backend.run(inputs);
    const claim = decodeTensors(hexToBytes(opening.outputs));
    return (
      compare({ claim, native: again, wasm: again, profile, inDomain: inDomain(manifest, inputs) }).verdict === "match"
    );
  };

  const decide = async (open: OpenCase, leaf: KeptLeaf): Promise<boolean> => {
    const known = decided.get(open.id);
    if (known !== undefined) return known;
    const verdict = defend === "honest" ? await isHonest(leaf) : defend === "always";
    decided.set(open.id, verdict);
    const facts = { case: open.id, modelId: open.modelId, epoch: String(open.epoch), seq: open.seq };
    if (verdict) log.warn(facts, "a case is open against this provider: calling the jury");
    else if (defend === "never") log.fatal(facts, "a case is not defended, as it is set: it will cost stake");
    else log.fatal(facts, "a case is not defended: the own model gives another output now, it will cost stake");
    return verdict;
  };

  const stateOf = async (id: Hex): Promise<number> => {
    const call = () => client.readContract({ ...court, functionName: "caseOf", args: [id] });
    return (await rpc("a case", call)).state;
  };

  return {
    free: async ({ modelId, epoch, mismatches }) => {
      const endCall = () =>
        client.readContract({ ...court, functionName: "disputeEnd", args: [provider, modelId, epoch] });
      const [answerEnd, drawn, committed, head] = await Promise.all([
        rpc("the end of disputes", endCall),
        chain.seedOf(epoch),
        chain.logOf(modelId, epoch),
        chain.head(),
      ]);
      if (head.timestamp >= answerEnd || drawn === null || committed === null) return { over: true, cases: [] };
      const { m, units } = committed;
      const positions = samplePositions({ seed: drawn.seed, provider, modelId, epoch, m, units });
      const wrong = positions.filter((_, j) => (mismatches >> BigInt(j)) & 1n);
      const cases = new Map<number, Answerable>();
      for (const position of wrong) {
        const { receipt } = await leaves.byPosition(modelId, epoch, position);
        const { seq } = receipt;
        const id = caseId({ provider, modelId, epoch, seq });
        if (!cases.has(seq) && (await stateOf(id)) === NONE) cases.set(seq, { id, modelId, epoch, seq, answerEnd });
      }
      return { over: false, cases: [...cases.values()] };
    },

    isLeft: (id) => decided.get(id) === false,

    answer: async (open) => {
      const { id, modelId, epoch, seq, answerEnd } = open;
      const leaf = await leaves.bySeq(modelId, epoch, seq);
      if (!(await decide(open, leaf))) return;
      await approveBond(access, contracts, act);
      const call = { ...court, functionName: "callJury", args: [leaf.proof, leaf.opening] } as const;
      const deadline = answerEnd === maxUint64 ? {} : { deadline: answerEnd };
      await act({ key: `court:jury:${id}`, contract: "DisputeCourt", ...deadline, ...call });
      log.info({ case: id, modelId, epoch: String(epoch), seq }, "the jury is called");
    },

    close: async ({ id, modelId, epoch }, head) => {
      const juryCall = () => client.readContract({ ...juries, functionName: "juryOf", args: [id] });
      const end = ends.has(id) ? ends.get(id)! : (await rpc("a jury", juryCall)).revealEnd;
      ends.set(id, end);
      if (end === null || head.timestamp < end || (await stateOf(id)) !== TRIED) return;
      const verdictCall = () => client.readContract({ ...juries, functionName: "verdictOf", args: [id] });
      const verdict = await rpc("a verdict", verdictCall);
      if (verdict === PENDING) return;
      if (verdict === CONVICTED) {
        ends.set(id, null);
        return log.fatal({ case: id, modelId, epoch: String(epoch) }, "the jury has convicted");
      }
      await act({ key: `court:close:${id}`, contract: "DisputeCourt", ...court, functionName: "close", args: [id] });
      log.info({ case: id, modelId, epoch: String(epoch) }, "the case is closed without a conviction");
    },
  };
}
