// Builds one large tree beside the provider's thread, and opens leaves of it on request.
import { parentPort, workerData } from "node:worker_threads";
import { buildMerkleSum } from "@surety/protocol";
import type { Hex } from "viem";
import { answerOf, type PackedLeaves, type TreeQuestion, type TreeSummary } from "./tree-messages.ts";

const { hashes, units } = workerData as PackedLeaves;
const leaves = Array.from(units, (sum, i) => {
  const hash: Hex = `0x${Buffer.from(hashes.buffer, 32 * i, 32).toString("hex")}`;
  return { hash, units: sum };
});
const tree = buildMerkleSum(leaves);
const summary: TreeSummary = { root: tree.root, count: tree.count, units: tree.units };
parentPort?.postMessage(summary);
parentPort?.on("message", ({ id, question }: { id: number; question: TreeQuestion }) => {
  parentPort?.postMessage({ id, opened: answerOf(tree, question) });
});
