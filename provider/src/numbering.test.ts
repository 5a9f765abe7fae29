import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { createNumbering } from "./numbering.ts";
import { openReceipts, type ReceiptStore } from "./store.ts";
import { PROVIDER } from "./testing/harness.ts";
import { MODEL, OTHER, rowOf } from "./testing/rows.ts";

const refusal = async (work: Promise<unknown>): Promise<SuretyError> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof SuretyError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("numbering of receipts", () => {
  let directory: string;
  let store: ReceiptStore;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "surety-numbering-"));
    store = await openReceipts(directory, PROVIDER);
  });
  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });
  /** Does something to the tables behind the store's back. */
  const tamper = (sql: string) => {
    const db = new DatabaseSync(join(directory, "receipts.sqlite"));
    db.exec(sql);
    db.close();
  };
  const cap = 1000n;

  it("is dense per model and epoch, whatever arrives together", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ other: fc.boolean(), epoch: fc.bigInt({ min: 1n, max: 2n }), units: fc.nat({ max: 3 }) }),
          {
            maxLength: 20,
          },
        ),
        async (requests) => {
          tamper("DELETE FROM receipt");
          const numbering = createNumbering(store);
          const rows = await Promise.all(
            requests.map(({ other, epoch, units }) => {
              const modelId = other ? OTHER : MODEL;
              return numbering.enter(modelId, epoch, units, cap, (seq) => rowOf(seq, { modelId, epoch, units }));
            }),
          );
          for (const modelId of [MODEL, OTHER]) {
            for (const epoch of [1n, 2n]) {
              const mine = rows.filter(({ receipt: r }) => r.modelId === modelId && r.epoch === epoch);
              expect(mine.map(({ receipt }) => receipt.seq)).to.deep.equal(mine.map((_, i) => i));
              const units = mine.reduce((sum, { receipt }) => sum + BigInt(receipt.units), 0n);
              expect(numbering.used(modelId, epoch)).to.deep.equal({ count: mine.length, units });
              expect(createNumbering(store).used(modelId, epoch)).to.deep.equal({ count: mine.length, units });
              expect(store.leaves(modelId, epoch).map(({ hash }) => hash)).to.deep.equal(mine.map(({ leaf }) => leaf));
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("gives back what was stored, byte for byte", async () => {
    const row = rowOf(0, { units: 7, slot: 23, mark: 9 });
    await store.append(row);
    expect(store.receipt(MODEL, 1n, 0)).to.deep.equal(row);
    expect(store.receipt(MODEL, 1n, 1)).to.equal(null);
  });

  it("gives a number that could not be stored to the next receipt, and leaves no gap", async () => {
    const numbering = createNumbering(store);
    const enter = (mark: number) => numbering.enter(MODEL, 1n, 1, cap, (seq) => rowOf(seq, { mark }));
    await enter(1);
    tamper("CREATE TRIGGER full BEFORE INSERT ON receipt BEGIN SELECT raise(ABORT, 'disk full'); END");
    const lost = await Promise.allSettled([enter(2), enter(3)]);
    expect(lost.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    tamper("DROP TRIGGER full");
    const kept = await Promise.all([enter(4), enter(5)]);
    expect(kept.map(({ receipt }) => receipt.seq)).to.deep.equal([1, 2]);
    expect(numbering.used(MODEL, 1n)).to.deep.equal({ count: 3, units: 3n });
  });

  it("never stores a second content under a number, even if a counter were wrong", async () => {
    await store.append(rowOf(0, { mark: 1 }));
    const [outcome] = await Promise.allSettled([store.append(rowOf(0, { mark: 2 }))]);
    expect(outcome.status).to.equal("rejected");
    expect(store.receipt(MODEL, 1n, 0)!.inputs).to.deep.equal(Uint8Array.of(1, 2, 1));
  });

  it("says that a number is missing instead of building a tree without it", async () => {
    await store.append(rowOf(0));
    await store.append(rowOf(2));
    expect(() => store.leaves(MODEL, 1n)).to.throw(SuretyError, /Receipt 1 of epoch 1 is not in the store/);
  });

  it("refuses units above the cap, and takes those that still fit", async () => {
    const numbering = createNumbering(store);
    const enter = (units: number) => numbering.enter(MODEL, 1n, units, 10n, (seq) => rowOf(seq, { units }));
    await enter(8);
    expect((await refusal(enter(3))).code).to.equal("PROVIDER_AT_CAPACITY");
    expect((await enter(2)).receipt.seq).to.equal(1);
    expect((await refusal(enter(1))).code).to.equal("PROVIDER_AT_CAPACITY");
  });

  it("closes an epoch and those before it for ever, also after a restart and when it is forgotten", async () => {
    const enter = (numbering: ReturnType<typeof createNumbering>, epoch: bigint) =>
      numbering.enter(MODEL, epoch, 1, cap, (seq) => rowOf(seq, { epoch }));
    const first = createNumbering(store);
    await enter(first, 5n);
    first.close(MODEL, 5n);
    for (const numbering of [first, createNumbering(store)]) {
      for (const epoch of [4n, 5n])
        expect((await refusal(enter(numbering, epoch))).code).to.equal("PROVIDER_NOT_READY");
    }
    store.prune(MODEL, 5n);
    const later = createNumbering(store);
    expect((await refusal(enter(later, 5n))).code).to.equal("PROVIDER_NOT_READY");
    expect((await enter(later, 6n)).receipt.seq).to.equal(0);
    expect(store.epochs(MODEL)).to.deep.equal([6n]);
  });

  it("is not shared: a second process on the same folder is refused", async () => {
    expect((await refusal(openReceipts(directory, PROVIDER))).code).to.equal("STORE_IN_USE");
  });
});
