import { Worker } from "node:worker_threads";
import { buildMerkleSum, packSlots, SLOTS, SuretyError } from "@surety/protocol";
import type { Hex } from "viem";
import type { ReceiptStore, StoredLeaf } from "./store.ts";
import { answerOf, type OpenedLeaf, type TreeQuestion, type TreeSummary } from "./tree-messages.ts";

/** The Merkle sum tree of an epoch that takes no more receipts (docs/protocol.md section 5); leaf index = seq. */
export type EpochTree = TreeSummary & {
  /** When its units were served: 24 shares of 10 bits. */
  slots: bigint;
  /** The distinct leaves of positions, by ascending index. */
  open(positions: readonly bigint[]): Promise<OpenedLeaf[]>;
  /** Leaves by index. */
  prove(indices: readonly number[]): Promise<OpenedLeaf[]>;
  close(): Promise<unknown>;
};

/** Builds and keeps trees. */
export type Trees = { of(modelId: Hex, epoch: bigint): Promise<EpochTree>; close(): Promise<void> };

/** Trees of the last few epochs: one is needed when the log is committed and again when it is opened. */
const KEPT_EPOCHS = 3n;
/** Leaves from which on a tree is built beside: a thousand hold up all requests for a tenth of a second. */
const LARGE = 512;

/** Builds a tree in a thread of its own, which ends with `close`. */
async function buildBeside(leaves: readonly StoredLeaf[]): Promise<Omit<EpochTree, "slots">> {
  const hashes = Buffer.from(leaves.map(({ hash }) => hash.slice(2)).join(""), "hex");
  const units = Uint32Array.from(leaves, (leaf) => leaf.units);
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./tree-worker.${extension}`, import.meta.url), {
    workerData: { hashes: new Uint8Array(hashes), units },
  });
  worker.unref();
  const waiting = new Map<number, { resolve: (opened: OpenedLeaf[]) => void; reject: (error: unknown) => void }>();
  let next = 0;
  const failed = (cause: unknown): SuretyError => {
    const error = new SuretyError("PROVIDER_TREE", "The thread that builds a log's tree ended.", {
      retryable: true,
      cause,
    });
    for (const { reject } of waiting.values()) reject(error);
    return error;
  };
  const summary = await new Promise<TreeSummary>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", (error) => reject(failed(error)));
    worker.once("exit", (code) => reject(failed(new Error(`exit code ${code}`))));
  });
  worker.on("message", ({ id, opened }: { id: number; opened: OpenedLeaf[] }) => {
    waiting.get(id)?.resolve(opened);
    waiting.delete(id);
  });
  const ask = (question: TreeQuestion): Promise<OpenedLeaf[]> =>
    new Promise((resolve, reject) => {
      waiting.set(next, { resolve, reject });
      worker.postMessage({ id: next++, question });
    });
  return {
    ...summary,
    open: (positions) => ask({ positions }),
    prove: (indices) => ask({ indices }),
    close: () => worker.terminate(),
  };
}

function buildHere(leaves: readonly StoredLeaf[]): Omit<EpochTree, "slots"> {
  const tree = buildMerkleSum(leaves);
  const { root, count, units } = tree;
  const ask = async (question: TreeQuestion) => answerOf(tree, question);
  return {
    root,
    count,
    units,
    open: (positions) => ask({ positions }),
    prove: (indices) => ask({ indices }),
    close: async () => {},
  };
}

/** Builds trees from the store. @param large leaves from which on a tree is built in a thread of its own */
export function createTrees(store: ReceiptStore, large = LARGE): Trees {
  const kept = new Map<string, Promise<EpochTree>>();

  const build = async (modelId: Hex, epoch: bigint): Promise<EpochTree> => {
    const leaves = store.leaves(modelId, epoch);
    const perSlot = Array.from({ length: SLOTS }, () => 0);
    for (const { slot, units } of leaves) perSlot[slot]! += units;
    const tree = leaves.length < large ? buildHere(leaves) : await buildBeside(leaves);
    return { ...tree, slots: packSlots(perSlot) };
  };
  const drop = async (key: string): Promise<void> => {
    const tree = kept.get(key);
    kept.delete(key);
    await tree?.then(
      ({ close }) => close(),
      // One that failed holds nothing.
      () => undefined,
    );
  };

  return {
    of: (modelId, epoch) => {
      const key = `${modelId}:${epoch}`;
      const known = kept.get(key);
      if (known !== undefined) return known;
      for (const old of kept.keys()) if (BigInt(old.slice(old.indexOf(":") + 1)) + KEPT_EPOCHS <= epoch) void drop(old);
      const tree = build(modelId, epoch);
      kept.set(key, tree);
      tree.catch(() => kept.delete(key));
      return tree;
    },
    close: async () => {
      await Promise.all([...kept.keys()].map(drop));
    },
  };
}
