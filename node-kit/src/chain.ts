import { SuretyError } from "@surety/protocol";
import { Bloom } from "ox";
import {
  type AbiEvent,
  type Address,
  type GetLogsReturnType,
  type Hash,
  type Hex,
  HttpRequestError,
  type PublicClient,
  toEventSelector,
} from "viem";
import { openTrail, type TrailBlock } from "./block-trail.ts";
import { rpc } from "./chain-client.ts";
import type { Store } from "./store.ts";

/** A log of one of the events asked for, decoded: `eventName` tells `args` apart. */
export type ChainLog<E extends readonly AbiEvent[]> = GetLogsReturnType<undefined, E, true, bigint, bigint>[number];

/** The newest block that the node knows. Its timestamp, in seconds, is the time that rules go by. */
export type Head = { number: bigint; timestamp: bigint; hash: Hash };

/** What one poll found. */
export type LogBatch<E extends readonly AbiEvent[]> = {
  /** Drop all rows derived from blocks of this number on, before anything else: the chain has changed there. */
  reorged?: bigint;
  /** In order of block and place in it. */
  logs: ChainLog<E>[];
  head: Head;
  /** False if there is more to read at once. */
  caughtUp: boolean;
  /**
   * Notes that this batch was taken in. Call it in the transaction that writes the rows derived from it: then both are
   * kept or neither, and what was not kept is read again.
   */
  save(): void;
};

/** Which logs to read. */
export type LogReaderOptions<E extends readonly AbiEvent[]> = {
  client: PublicClient;
  store: Store;
  /** Contracts; at least one. */
  addresses: readonly Address[];
  /** Events; at least one. See {@link eventsOf}. */
  events: E;
  /** First block that may hold such logs. */
  fromBlock: bigint;
  /** Blocks that must lie above a block before it is read. 0 reads the head itself. */
  confirmations: number;
  /** Tells several readers in one store apart. Default "logs". */
  name?: string;
  /** Blocks whose hashes are kept one by one, and so the depth at which a change of the chain is found exactly. Default 256. */
  trail?: number;
  /** Most blocks in one request to start with; halved when the node refuses, doubled when it does not. Default 2,000. */
  chunk?: number;
};

/** Reads logs in order, once each, through crashes and changes of the chain. */
export type LogReader<E extends readonly AbiEvent[]> = {
  /**
   * Reads what is new. Nothing is noted before `save()`.
   *
   * @throws SuretyError CHAIN_RPC, CHAIN_MOVING (both retryable).
   */
  poll(): Promise<LogBatch<E>>;
  /**
   * Polls until caught up; each batch is handled and saved in one transaction.
   *
   * @param handle Synchronous; what it throws takes its batch back.
   * @returns The head at the end.
   */
  drain(handle: (batch: LogBatch<E>) => void): Promise<Head>;
};

/** @returns The events of an ABI, for {@link createLogReader}. */
export function eventsOf<const A extends readonly { type: string }[]>(abi: A): Extract<A[number], AbiEvent>[] {
  return abi.filter((item): item is Extract<A[number], AbiEvent> => item.type === "event");
}

type Header = Head & { parentHash: Hash; logsBloom: Hex };

/** Largest request however willing the node is. */
const MAX_CHUNK = 10_000n;
/** Reads of one poll before it gives up on a chain that changes under it. */
const ATTEMPTS = 3;

/**
 * Makes a reader over `eth_getLogs`; server-side filters are not used, for they die with the server. Its cursor is a stored
 * chain of block hashes: when the node's chain no longer contains the last one, it walks back to the block that both
 * share, reports it as `reorged` and reads on from there.
 */
export function createLogReader<const E extends readonly AbiEvent[]>(options: LogReaderOptions<E>): LogReader<E> {
  const { client, store, addresses, events, fromBlock, confirmations, name = "logs", trail: length = 256 } = options;
  if (addresses.length === 0 || events.length === 0) {
    throw new SuretyError(
      "CHAIN_READER_EMPTY",
      `A log reader needs contracts and events; got ${addresses.length} and ${events.length}.`,
    );
  }
  const trail = openTrail(store, name, length);
  const wanted = new Set(addresses.map((address) => address.toLowerCase()));
  const selectors = events.map((event) => toEventSelector(event));
  let chunk = BigInt(options.chunk ?? 2_000);

  async function header(block: { blockNumber: bigint } | { blockTag: "latest" }): Promise<Header> {
    const found = await rpc("a block", () => client.getBlock({ ...block, includeTransactions: false }));
    const { number, hash, parentHash, timestamp, logsBloom } = found;
    if (number === null || hash === null) throw moving("the node gave a block without number");
    return { number, hash, parentHash, timestamp, logsBloom: logsBloom ?? "0x" };
  }

  /** The last block that the node's chain and the trail share; undefined if the chain was changed below all of it. */
  async function ancestor(head: Header, tip: TrailBlock): Promise<TrailBlock | undefined> {
    if (head.number === tip.number + 1n && head.parentHash === tip.hash) return tip;
    const hashAt = async (number: bigint) =>
      (number === head.number ? head : await header({ blockNumber: number })).hash;
    if (head.number >= tip.number && (await hashAt(tip.number)) === tip.hash) return tip;
    const known = trail.below(head.number < tip.number ? head.number : tip.number - 1n);
    for (const [i, block] of known.entries()) {
      if ((await hashAt(block.number)) !== block.hash) continue;
      // A node that is behind, on the same chain, has lost nothing: the tip stands.
      return i === 0 && head.number < tip.number ? tip : block;
    }
    // Nothing known lies so low: the node is far behind, which says nothing about the tip.
    return known.length === 0 && head.number < tip.number ? tip : undefined;
  }

  async function poll(): Promise<LogBatch<E>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof SuretyError && error.code === "CHAIN_MOVING") || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async function read(): Promise<LogBatch<E>> {
    const head = await header({ blockTag: "latest" });
    const tip = trail.tip();
    const base = tip && (await ancestor(head, tip));
    const next = base ? base.number + 1n : fromBlock;
    const reorged = tip !== undefined && base?.hash !== tip.hash ? next : undefined;
    const target = head.number - BigInt(confirmations);
    if (next > target) return batch({ head, tip, reorged, blocks: [], logs: [], to: target });
    const { logs, blocks, to } = await readRange(next, target, head, base);
    return batch({ head, tip, reorged, blocks, logs, to });
  }

  type Found = {
    head: Header;
    tip: TrailBlock | undefined;
    reorged: bigint | undefined;
    blocks: TrailBlock[];
    logs: ChainLog<E>[];
    to: bigint;
  };

  function batch({ head, tip, reorged, blocks, logs, to }: Found): LogBatch<E> {
    const save = () =>
      store.transaction(() => {
        if (trail.tip()?.hash !== tip?.hash)
          throw new SuretyError("CHAIN_BATCH_STALE", "This batch was already saved, or another was.");
        trail.advance(reorged, blocks);
      });
    const { number, timestamp, hash } = head;
    const caughtUp = to >= number - BigInt(confirmations);
    return { ...(reorged !== undefined && { reorged }), logs, head: { number, timestamp, hash }, caughtUp, save };
  }

  async function readRange(from: bigint, target: bigint, head: Header, base: TrailBlock | undefined) {
    for (;;) {
      const to = target - from < chunk ? target : from + chunk - 1n;
      try {
        const headers = await readHeaders(from, to, head, base);
        const logs = await checked(from, to, headers, await getLogs({ fromBlock: from, toBlock: to }));
        if (to < target) chunk = chunk * 2n < MAX_CHUNK ? chunk * 2n : MAX_CHUNK;
        return { logs, to, blocks: headers.map(({ number, hash }) => ({ number, hash })) };
      } catch (error) {
        if (!(error instanceof SuretyError && error.code === "CHAIN_RANGE_REFUSED") || to === from) throw error;
        chunk = (to - from + 1n) / 2n;
      }
    }
  }

  /** The headers of a range, linked to each other and to what was read before; of old blocks only the last one. */
  async function readHeaders(from: bigint, to: bigint, head: Header, base: TrailBlock | undefined): Promise<Header[]> {
    const recent = head.number - BigInt(length);
    const first = to <= recent ? to : from > recent ? from : recent + 1n;
    const numbers = Array.from({ length: Number(to - first + 1n) }, (_, i) => first + BigInt(i));
    const headers: Header[] = [];
    for (let i = 0; i < numbers.length; i += 16) {
      const some = numbers.slice(i, i + 16);
      headers.push(...(await Promise.all(some.map((n) => (n === head.number ? head : header({ blockNumber: n }))))));
    }
    let parent = first === from ? base?.hash : undefined;
    for (const [i, block] of headers.entries()) {
      if (block.number !== numbers[i] || (parent !== undefined && block.parentHash !== parent))
        throw moving("blocks do not link");
      parent = block.hash;
    }
    return headers;
  }

  async function getLogs(range: { fromBlock: bigint; toBlock: bigint } | { blockHash: Hash }): Promise<ChainLog<E>[]> {
    try {
      return (await client.getLogs({ address: [...addresses], events, strict: true, ...range })) as ChainLog<E>[];
    } catch (cause) {
      // No answer at all says nothing about the range; any answer that is an error may.
      const silent = cause instanceof HttpRequestError && cause.status === undefined;
      if (silent || "blockHash" in range) return rpc("logs", () => Promise.reject(cause));
      throw new SuretyError(
        "CHAIN_RANGE_REFUSED",
        `The node refused logs of ${range.toBlock - range.fromBlock + 1n} blocks: ${(cause as Error).message}`,
        { retryable: true, cause },
      );
    }
  }

  /** Holds logs against the headers: a node behind a balancer may answer for a chain that it has not seen yet. */
  async function checked(from: bigint, to: bigint, headers: Header[], found: ChainLog<E>[]): Promise<ChainLog<E>[]> {
    const hashes = new Map(headers.map(({ number, hash }) => [number, hash]));
    for (const { blockNumber, blockHash, address } of found) {
      const hash = hashes.get(blockNumber);
      const isOurs = blockNumber >= from && blockNumber <= to && wanted.has(address.toLowerCase());
      if (!isOurs || (hash !== undefined && hash !== blockHash)) throw moving("logs are not of the blocks asked for");
    }
    const seen = new Set(found.map(({ blockNumber }) => blockNumber));
    const missed: ChainLog<E>[] = [];
    for (const { number, hash, logsBloom } of headers) {
      if (!seen.has(number) && mayHold(logsBloom)) missed.push(...(await getLogs({ blockHash: hash })));
    }
    return [...found, ...missed].sort((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex);
  }

  function mayHold(bloom: Hex): boolean {
    if (/^0x0*$/.test(bloom)) return false;
    return (
      addresses.some((address) => Bloom.contains(bloom, address)) &&
      selectors.some((topic) => Bloom.contains(bloom, topic))
    );
  }

  async function drain(handle: (batch: LogBatch<E>) => void): Promise<Head> {
    for (;;) {
      const found = await poll();
      store.transaction(() => {
        handle(found);
        found.save();
      });
      if (found.caughtUp) return found.head;
    }
  }

  return { poll, drain };
}

function moving(why: string): SuretyError {
  const message = `The chain changed while it was read (${why}); reading it again will do.`;
  return new SuretyError("CHAIN_MOVING", message, { retryable: true });
}
