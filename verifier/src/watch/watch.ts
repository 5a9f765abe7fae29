import { createLogReader, type Store as Database, rpc } from "@surety/node-kit";
import { type Clock as EpochClock, epochAt } from "@surety/protocol";
import { epochClockAbi } from "@surety/sdk";
import type { Address, PublicClient } from "viem";
import type { Clock, Head, Log, Now } from "../ports.ts";
import { type KeptLog, openEvents, toEvent } from "./event-store.ts";
import { events, WATCHED } from "./events.ts";
import { createFacts, type Facts, toWindows } from "./facts.ts";

/** What a watch reads. */
export type WatchOptions = {
  client: PublicClient;
  /** Where the events and the reader's cursor are kept; one watch per database. */
  database: Database;
  /** Addresses by contract name, as in the deployment file. */
  contracts: { EpochClock: Address; [name: string]: Address };
  startBlock: bigint;
  /** Blocks above one before its events count. 0: the head itself. */
  confirmations: number;
  clock: Clock;
  log: Log;
  /** Calls within this time of the last poll get its answer. Several verifiers of one process share a watch. Default 200. */
  minGapMs?: number;
};

/** The chain as the steps see it. */
export type Watch = {
  /** Genesis and length of the epochs. */
  readonly epochs: EpochClock;
  /** Reads what is new. @throws SuretyError CHAIN_RPC, CHAIN_MOVING (retryable) */
  poll(): Promise<Now>;
  /** What is known; another object after a reorganisation. */
  facts(): Facts;
  /** Estimate of the chain's time, Unix milliseconds: the head's, and what has passed here since it was first seen. */
  chainMs(): number;
};

/** Opens a watch: reads the epochs' clock once, then only new heads and logs. */
export async function openWatch(options: WatchOptions): Promise<Watch> {
  const { client, database, contracts, startBlock, confirmations, clock, log, minGapMs = 200 } = options;
  const at = { address: contracts.EpochClock, abi: epochClockAbi } as const;
  const [genesis, length, windows] = await rpc("the epochs' clock", () =>
    Promise.all([
      client.readContract({ ...at, functionName: "genesis" }),
      client.readContract({ ...at, functionName: "length" }),
      client.readContract({ ...at, functionName: "windows", args: [0n] }),
    ]),
  );
  const epochs = { genesis, length };
  const kept = openEvents(database);
  // Everything in it can be read again, and events and cursor are lost together.
  database.db.exec("PRAGMA synchronous = NORMAL");
  const addresses = WATCHED.map((name) => contracts[name]).filter((address) => address !== undefined);
  const reader = createLogReader({ client, store: database, addresses, events, fromBlock: startBlock, confirmations });

  const rebuild = (): Facts => {
    const fresh = createFacts(epochs, toWindows(windows));
    for (const event of kept.all()) fresh.apply(event);
    return fresh;
  };
  let facts = rebuild();
  let firstSeen = { second: 0n, atMs: 0 };
  let last: { now: Now; atMs: number } | undefined;
  let polling: Promise<Now> | undefined;

  const noteHead = (head: Head): void => {
    if (head.timestamp > firstSeen.second) firstSeen = { second: head.timestamp, atMs: clock.monotonic() };
  };
  const chainMs = (): number => Number(firstSeen.second) * 1000 + clock.monotonic() - firstSeen.atMs;

  /** Timestamp of a log's block. Only the time of a draw decides anything, so only that is worth a call. */
  const timestampOf = async (found: FoundLog, head: Head): Promise<bigint> => {
    if (found.blockTimestamp) return found.blockTimestamp;
    if (found.blockNumber === head.number) return head.timestamp;
    if (found.eventName !== "SeedDrawn") return 0n;
    const { blockHash } = found;
    return (await rpc("a block", () => client.getBlock({ blockHash, includeTransactions: false }))).timestamp;
  };

  const read = async (): Promise<Now> => {
    for (;;) {
      const batch = await reader.poll();
      noteHead(batch.head);
      const logs = await Promise.all(
        batch.logs.map(
          async (found): Promise<KeptLog> => ({
            block: found.blockNumber,
            index: found.logIndex,
            topics: found.topics as KeptLog["topics"],
            data: found.data,
            timestamp: await timestampOf(found, batch.head),
          }),
        ),
      );
      database.transaction(() => {
        if (batch.reorged !== undefined) kept.dropFrom(batch.reorged);
        for (const entry of logs) kept.add(entry);
        batch.save();
      });
      if (batch.reorged !== undefined) {
        log.warn({ from: batch.reorged }, "the chain was reorganised");
        facts = rebuild();
      } else for (const entry of logs) facts.apply(toEvent(entry));
      if (batch.caughtUp) return nowOf(batch.head);
    }
  };

  const nowOf = async (head: Head): Promise<Now> => {
    const blockNumber = head.number - BigInt(confirmations);
    const seen =
      confirmations === 0 || blockNumber < 0n
        ? head.timestamp
        : (await rpc("a block", () => client.getBlock({ blockNumber, includeTransactions: false }))).timestamp;
    const epoch = head.timestamp < genesis ? undefined : epochAt(epochs, head.timestamp);
    return { head, seen, epoch };
  };

  const poll = (): Promise<Now> => {
    if (last && clock.monotonic() - last.atMs < minGapMs) return Promise.resolve(last.now);
    polling ??= read()
      .then((now) => {
        last = { now, atMs: clock.monotonic() };
        return now;
      })
      .finally(() => {
        polling = undefined;
      });
    return polling;
  };

  return { epochs, poll, facts: () => facts, chainMs };
}

/** What of a log is used. */
type FoundLog = {
  eventName: string;
  blockNumber: bigint;
  blockHash: `0x${string}`;
  blockTimestamp?: bigint | null | undefined;
};
