import type { Address } from "viem";
import type { ChainIdentity } from "./chain.ts";
import type { ServedModel } from "./model.ts";
import type { Numbering } from "./numbering.ts";
import type { ReceiptStore } from "./store.ts";
import type { Watch } from "./watch.ts";

/** What {@link createStatus} needs. */
export type StatusOptions = {
  identity: ChainIdentity;
  operator: Address;
  models: readonly ServedModel[];
  watch: Watch;
  numbering: Numbering;
  store: ReceiptStore;
  firstEpoch: bigint;
};

/** What a provider knows of one model; integers of the chain as decimal strings. */
export type ModelStatus = {
  name: string;
  modelId: string;
  ready: boolean;
  /** Why not, if not ready. */
  reason: string | null;
  /** Of the current epoch. */
  receipts: number;
  units: string;
  /** Units that the promise covers in the current epoch; null without a promise. */
  cap: string | null;
  /** The epochs that are kept, with what became of their logs; null: still open. */
  logs: { epoch: string; state: string | null }[];
};

/** Answer of GET /surety/v1/status. */
export type ProviderStatus = {
  provider: string;
  operator: string;
  chainId: number;
  receiptLog: string;
  ready: boolean;
  reason: string | null;
  /** By the wall clock; null before genesis. */
  epoch: string | null;
  head: { number: string; timestamp: string } | null;
  /** Wall clock less the chain's; null until a block was seen to arrive. */
  skewMs: number | null;
  models: ModelStatus[];
};

const LOGS_SHOWN = 8;

/** Tells what the provider knows of itself, and why it does not serve. */
export function createStatus(options: StatusOptions): {
  problem: (model?: ServedModel) => string | null;
  status: () => ProviderStatus;
} {
  const { identity, operator, models, watch, numbering, store, firstEpoch } = options;

  const problem = (model?: ServedModel): string | null => {
    const general = watch.problem();
    const epoch = watch.epoch();
    if (general !== null || epoch === null) return general;
    if (epoch < firstEpoch) return `the store is new: it serves from epoch ${firstEpoch} on, it is epoch ${epoch}`;
    if (model === undefined || watch.promise(model.modelId, epoch)) return null;
    return `no promise is known for epoch ${epoch}`;
  };

  const modelStatus = (model: ServedModel): ModelStatus => {
    const { modelId, manifest } = model;
    const epoch = watch.epoch();
    const used = epoch === null ? null : numbering.used(modelId, epoch);
    const terms = epoch === null ? null : watch.promise(modelId, epoch);
    const reason = problem(model);
    return {
      name: manifest.name,
      modelId,
      ready: reason === null,
      reason,
      receipts: used?.count ?? 0,
      units: String(used?.units ?? 0n),
      cap: terms ? String(terms.capacity * identity.clock.length) : null,
      logs: store
        .epochs(modelId)
        .slice(-LOGS_SHOWN)
        .map((e) => ({ epoch: String(e), state: store.logState(modelId, e) })),
    };
  };

  return {
    problem,
    status: () => {
      const head = watch.head();
      const reason = problem();
      return {
        provider: identity.provider,
        operator,
        chainId: identity.chainId,
        receiptLog: identity.receiptLog,
        ready: reason === null,
        reason,
        epoch: watch.epoch()?.toString() ?? null,
        head: head && { number: String(head.number), timestamp: String(head.timestamp) },
        skewMs: watch.skewMs(),
        models: models.map(modelStatus),
      };
    },
  };
}
