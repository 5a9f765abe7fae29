import { type Clock, type EpochTimes, epochTimes, type Ticket, type Windows } from "@surety/protocol";
import type { Address, Hex } from "viem";
import { type CourtFacts, createCourtFacts } from "./court-facts.ts";
import type { ChainEvent } from "./events.ts";
import { createHistory, newProvider, type ProviderFacts } from "./histories.ts";
import { createPromises, type PromiseFacts, type Promises } from "./promises.ts";
import { createTickets, type Tickets } from "./tickets.ts";

/** A committed log. `m` samples; `slots` and `cap` feed the demand profile. */
export type LogFacts = {
  provider: Address;
  modelId: Hex;
  epoch: bigint;
  root: Hex;
  count: number;
  units: bigint;
  slots: bigint;
  cap: bigint;
  m: number;
};

/** A revealed seat: what it reported and committed to, and where that stands on chain. */
export type RevealFacts = { seat: number; verifier: Address; report: bigint; dataRoot: Hex; block: bigint };

/** What the chain has told so far. All addresses and hashes in lower case. */
export type Facts = {
  apply(event: ChainEvent): void;
  times(epoch: bigint): EpochTimes;
  windows(epoch: bigint): Windows;
  /** Seed of `epoch`, and when it was drawn (Unix seconds). */
  seed(epoch: bigint): { seed: Hex; drawnAt: bigint } | undefined;
  log(provider: Address, modelId: Hex, epoch: bigint): LogFacts | undefined;
  /** Logs of one model in epochs `from` to `to`, all providers. */
  logsOf(modelId: Hex, from: bigint, to: bigint): LogFacts[];
  provider(provider: Address): ProviderFacts | undefined;
  /** Tolerance profile's hash of a registered model. */
  profileHash(modelId: Hex): Hex | undefined;
  promises: Promises;
  tickets(): readonly Ticket[];
  heldByEjected: Tickets["heldByEjected"];
  heldBySlashed: Tickets["heldBySlashed"];
  ticketLengthFor(epoch: bigint): number;
  /** A verifier's commitment of an epoch; `round` 1 is the redraw's. */
  commitmentOf(epoch: bigint, verifier: Address, round?: number): Hex | undefined;
  /** The report that `seat` revealed. */
  revealed(at: { provider: Address; modelId: Hex; epoch: bigint; role: number; seat: number }): bigint | undefined;
  /** All seats of a committee that revealed. */
  reveals(at: { provider: Address; modelId: Hex; epoch: bigint; role: number }): readonly RevealFacts[];
  settled(provider: Address, modelId: Hex, epoch: bigint): boolean;
  /** The next promised epoch that no settlement has taken. */
  nextToSettle(provider: Address, modelId: Hex): bigint | undefined;
  court: CourtFacts;
};

const low = <T extends string>(hex: T): T => hex.toLowerCase() as T;
const id = (...parts: (string | bigint | number)[]): string => parts.join(":");

/**
 * Folds the chain's events into what the steps ask for; built again from nothing after a reorganisation.
 * @param clock genesis and length of the epochs @param windows those that hold from epoch 0, unless an event says more
 */
export function createFacts(clock: Clock, windows: Windows): Facts {
  const windowsBy = createHistory<Windows>();
  windowsBy.set(0n, windows);
  const seeds = new Map<bigint, { seed: Hex; drawnAt: bigint }>();
  const logs = new Map<string, LogFacts>();
  const logsByModel = new Map<Hex, LogFacts[]>();
  const providers = new Map<Address, ProviderFacts>();
  const profiles = new Map<Hex, Hex>();
  const tickets = createTickets();
  const promises = createPromises();
  const commitments = new Map<string, Hex>();
  const reveals = new Map<string, RevealFacts[]>();
  const court = createCourtFacts();
  const lastSettled = new Map<string, bigint>();

  const on: Handlers = {
    WindowsSet: ({ firstEpoch, windows }) => windowsBy.set(firstEpoch, toWindows(windows)),
    SeedDrawn: ({ epoch, seed }, drawnAt) => seeds.set(epoch, { seed, drawnAt }),
    ProviderRegistered: ({ provider, operator, endpoint }) =>
      providers.set(low(provider), newProvider(low(provider), low(operator), endpoint)),
    OwnerChanged: ({ provider, owner, epoch }) => providers.get(low(provider))?.owner.set(epoch, low(owner)),
    OperatorChanged: ({ provider, operator, epoch }) =>
      providers.get(low(provider))?.operator.set(epoch, low(operator)),
    EndpointChanged: ({ provider, endpoint }) => Object.assign(providers.get(low(provider)) ?? {}, { endpoint }),
    ModelRegistered: ({ modelId, profileHash }) => profiles.set(modelId, profileHash),
    TicketBought: ({ verifier, index, from }) => tickets.bought(low(verifier), Number(index), from),
    Ejected: ({ verifier, until }) => tickets.ejected(low(verifier), until),
    Punished: ({ account, taken }) => taken > 0n && tickets.slashed(low(account)),
    TicketReturned: ({ index, until }) => tickets.returned(Number(index), until),
    Promised: ({ provider, modelId, commitment }) => promises.add(toPromise(low(provider), modelId, commitment)),
    LogCommitted: (args) => {
      const log = { ...args, provider: low(args.provider) };
      logs.set(id(log.provider, log.modelId, log.epoch), log);
      const ofModel = logsByModel.get(log.modelId);
      if (ofModel) ofModel.push(log);
      else logsByModel.set(log.modelId, [log]);
    },
    Committed: ({ epoch, verifier, round, commitment }) => commitments.set(id(epoch, round, low(verifier)), commitment),
    Revealed: ({ provider, modelId, epoch, role, seat, report, verifier, dataRoot }, _, block) => {
      const key = id(low(provider), modelId, epoch, role);
      reveals.set(key, [...(reveals.get(key) ?? []), { seat, verifier: low(verifier), report, dataRoot, block }]);
    },
    Settled: (args) => {
      const provider = low(args.provider);
      lastSettled.set(id(provider, args.modelId), args.epoch);
      court.find({ ...args, provider, mismatches: BigInt(args.mismatches) });
    },
    ...court.on,
  };
  const apply = ({ eventName, args, timestamp, block }: ChainEvent): void => {
    const handle = on[eventName] as (args: ChainEvent["args"], timestamp: bigint, block: bigint) => unknown;
    handle(args, timestamp, block);
  };

  return {
    apply,
    times: (epoch) => epochTimes(clock, windowsBy.at(epoch) ?? windows, epoch),
    windows: (epoch) => windowsBy.at(epoch) ?? windows,
    seed: (epoch) => seeds.get(epoch),
    log: (provider, modelId, epoch) => logs.get(id(provider, modelId, epoch)),
    logsOf: (modelId, from, to) =>
      (logsByModel.get(modelId) ?? []).filter((log) => from <= log.epoch && log.epoch <= to),
    provider: (provider) => providers.get(provider),
    profileHash: (modelId) => profiles.get(modelId),
    promises,
    tickets: () => tickets.all(),
    heldByEjected: tickets.heldByEjected,
    heldBySlashed: tickets.heldBySlashed,
    ticketLengthFor: tickets.lengthFor,
    commitmentOf: (epoch, verifier, round = 0) => commitments.get(id(epoch, round, verifier)),
    revealed: ({ provider, modelId, epoch, role, seat }) =>
      reveals.get(id(provider, modelId, epoch, role))?.find((shown) => shown.seat === seat)?.report,
    reveals: ({ provider, modelId, epoch, role }) => reveals.get(id(provider, modelId, epoch, role)) ?? [],
    settled: (provider, modelId, epoch) => (lastSettled.get(id(provider, modelId)) ?? -1n) >= epoch,
    nextToSettle: (provider, modelId) =>
      promises.next(provider, modelId, (lastSettled.get(id(provider, modelId)) ?? -1n) + 1n),
    court,
  };
}

/** What to do about each event; `timestamp` (Unix seconds) and `block` are those of its block. */
export type Handlers<Names extends ChainEvent["eventName"] = ChainEvent["eventName"]> = {
  [E in Names]: (args: OnChain<E>, timestamp: bigint, block: bigint) => unknown;
};
/** The arguments of an event. */
export type OnChain<E extends ChainEvent["eventName"]> = Extract<ChainEvent, { eventName: E }>["args"];

function toPromise(provider: Address, modelId: Hex, c: OnChain<"Promised">["commitment"]): PromiseFacts {
  const { target, latencyMs, capacity } = c;
  const [firstEpoch, lastEpoch] = [BigInt(c.firstEpoch), BigInt(c.lastEpoch)];
  return { provider, modelId, target, latencyMs, capacity, firstEpoch, lastEpoch };
}

/** Windows as the chain gives them (numbers) in the protocol's seconds (bigint). */
export const toWindows = (w: OnChain<"WindowsSet">["windows"]): Windows => ({
  logWindow: BigInt(w.logWindow),
  beaconLag: BigInt(w.beaconLag),
  openWindow: BigInt(w.openWindow),
  commitWindow: BigInt(w.commitWindow),
  outputWindow: BigInt(w.outputWindow),
  revealWindow: BigInt(w.revealWindow),
  disputeWindow: BigInt(w.disputeWindow),
  answerWindow: BigInt(w.answerWindow),
  juryWindow: BigInt(w.juryWindow),
  grace: BigInt(w.grace),
});
