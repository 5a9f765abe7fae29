import { type Assignment, assignmentLeaf, assignmentTree } from "@surety/protocol";
import { expect } from "chai";
import { type Address, concatHex, type Hex, keccak256, numberToHex, type PublicClient } from "viem";
import { attestedSeat } from "./attested.ts";

const HUB: Address = `0x${"a1".repeat(20)}`;
const VERIFIER: Address = `0x${"b1".repeat(20)}`;
const word = (n: number): Hex => numberToHex(n, { size: 32 });
const provider = (n: number): Address => numberToHex(n, { size: 20 });

/** Assignments of one verifier at several providers; a re-run's report is told at the reveal. */
const made = (first: number, count: number): (Assignment & { seat: number })[] =>
  Array.from({ length: count }, (_, i) => ({
    role: i % 2,
    provider: provider(first + i),
    modelId: word(7),
    report: i % 2 === 0 ? 5n : 0n,
    dataRoot: word(100 + i),
    salt: word(first + i),
    seat: i % 5,
  }));

/** Events of batches as a node tells them: several in one transaction, and one in another of the same block. */
function chainOf(batches: { transaction: Hex; all: Assignment[]; opened: number[] }[]) {
  let logIndex = 0;
  const logs = batches.flatMap(({ transaction, all, opened }) => {
    const { order, proof, flags } = assignmentTree(all).open(opened);
    const at = { blockHash: word(1), transactionHash: transaction };
    const revealed = order.map((i) => {
      const item = all[i]!;
      const args = { ...item, epoch: 3n, verifier: VERIFIER, report: item.role === 1 ? 9n : item.report };
      return { ...at, eventName: "Revealed", logIndex: logIndex++, args };
    });
    return [...revealed, { ...at, eventName: "Opened", logIndex: logIndex++, args: { proof, flags } }];
  });
  const client = {
    async getLogs({ args }: { args?: { provider: Address } }) {
      return logs.filter((log) => !args || ("provider" in log.args && log.args.provider === args.provider));
    },
  };
  return { client: client as unknown as PublicClient, logs };
}

const climb = (leaf: Hex, path: readonly Hex[]): Hex =>
  path.reduce((a, b) => keccak256(concatHex(a < b ? [a, b] : [b, a])), leaf);

describe("what a seat has revealed", () => {
  const first = made(10, 5);
  const second = made(30, 3);
  const third = made(50, 4);
  const { client, logs } = chainOf([
    { transaction: word(2), all: first, opened: [0, 2, 3] },
    { transaction: word(2), all: first, opened: [1, 4] },
    { transaction: word(2), all: second, opened: [0, 1, 2] },
    { transaction: word(3), all: third, opened: [2] },
  ]);

  const find = ({ provider, modelId, role, seat }: Assignment & { seat: number }, from = client) =>
    attestedSeat(from, { hub: HUB, provider, modelId, epoch: 3n, role, seat, fromBlock: 0n });

  it("has the path of its own leaf, whatever was opened with it in the transaction and the block", async () => {
    for (const [all, opened] of [
      [first, [0, 1, 2, 3, 4]],
      [second, [0, 1, 2]],
      [third, [2]],
    ] as const) {
      const { root, proof } = assignmentTree(all);
      for (const i of opened) {
        const { seat, ...one } = all[i]!;
        const found = await find(all[i]!);
        expect(found).to.deep.include({ seat, verifier: VERIFIER, dataRoot: one.dataRoot, salt: one.salt });
        expect(found!.proof).to.deep.equal(proof(i));
        expect(climb(assignmentLeaf(one), found!.proof)).to.equal(root);
      }
    }
  });

  it("is undefined for a seat that revealed nothing", async () => {
    expect(await find(third[1]!)).to.equal(undefined);
  });

  it("is refused while the node tells half of a transaction", async () => {
    const half = { getLogs: async () => logs.filter(({ eventName }) => eventName === "Revealed") };
    let refused: unknown;
    await find(first[0]!, half as unknown as PublicClient).catch((error: unknown) => {
      refused = error;
    });
    expect(refused).to.have.property("code", "REVEAL_NOT_OPENED");
  });
});
