import { type Log, rpc } from "@surety/node-kit";
import { epochAt, SuretyError } from "@surety/protocol";
import type { Address, Hex } from "viem";
import type { Head, ProviderChain } from "../chain.ts";
import type { EpochKeys } from "../epoch-key.ts";
import type { Backend, ServedModel } from "../model.ts";
import type { ReceiptStore } from "../store.ts";
import type { Trees } from "../trees.ts";
import { type CourtAccess, courtContracts, createAct } from "./access.ts";
import { createAnswers } from "./answers.ts";
import { createClaims } from "./claims.ts";
import { type Answerable, createDefence, type Defend } from "./defence.ts";
import { type Docket, openDocket } from "./docket.ts";
import { createKeptLeaves } from "./leaves.ts";

/** The provider's duties before the court. */
export type CourtDuties = {
  /** Reads what is new and starts what is due; duties run on while other work goes on. */
  step(head: Head): Promise<void>;
  /** Whether something is undecided about an epoch, so that its data must be kept. */
  holds(modelId: Hex, epoch: bigint): boolean;
  /** Resolves when no duty is under way. */
  idle(): Promise<void>;
};

/** What {@link createCourtDuties} needs. */
export type CourtDutiesOptions = {
  access: CourtAccess;
  chain: ProviderChain;
  store: ReceiptStore;
  trees: Trees;
  keys: EpochKeys;
  models: ReadonlyMap<Hex, { model: ServedModel; backend: Pick<Backend, "run"> }>;
  defend: Defend;
  log: Log;
};

/** Least time between looks at the court, milliseconds: its windows are longer. */
const LOOK_MS = 1_000;

/**
 * Answers demands, takes cases to the jury, ends them and fetches what is owed. Nothing is remembered but what the chain
 * said: every duty is looked up there again and sent under a key of its own, so that it can be killed and repeated anywhere.
 */
export function createCourtDuties(options: CourtDutiesOptions): CourtDuties {
  const { access, chain, log, defend } = options;
  const { client, deployment, sender } = access;
  const { provider, clock } = chain.identity;
  const contracts = courtContracts(deployment);
  const act = createAct(sender);
  const docket: Docket = openDocket(access, provider);
  const leaves = createKeptLeaves(options);
  const answer = createAnswers({ client, contracts, leaves, act });
  const defence = createDefence({ ...options, contracts, leaves, defend, act });
  const claim = createClaims(access, contracts, act, log);
  const running = new Map<string, Promise<void>>();
  const failing = new Map<string, string>();
  /** Findings about which everything is done. What was sent is sent again after a reorganisation, by the queue. */
  const quiet = new Set<string>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let owner: { epoch: bigint; address: Address } | undefined;
  // What was owed before this process began is looked at once.
  let isOwed = true;

  /** Starts a duty unless it is under way; a failure is logged once while it lasts, and the next round tries again. */
  const start = (name: string, work: () => Promise<unknown>): void => {
    if (running.has(name)) return;
    const done = work()
      .then(() => void failing.delete(name))
      .catch((err: unknown) => {
        const message = err instanceof Error ? err.message : String(err);
        if (failing.get(name) !== message) log.error({ err, duty: name }, "a duty before the court is not done yet");
        failing.set(name, message);
      })
      .finally(() => running.delete(name));
    running.set(name, done);
  };

  /** Cases of findings about which something is left to do. */
  const freeCases = async (): Promise<Answerable[]> => {
    const all: Answerable[] = [];
    for (const finding of docket.findings()) {
      const { modelId, epoch } = finding;
      const key = `${modelId}:${epoch}`;
      if (quiet.has(key)) continue;
      if (defend === "never") {
        quiet.add(key);
        log.fatal(
          { modelId, epoch: String(epoch) },
          "a majority found answers wrong; they are not defended, as it is set",
        );
        continue;
      }
      const { over, cases } = await defence.free(finding);
      if (over) docket.forget(finding);
      if (cases.every(({ id }) => defence.isLeft(id))) quiet.add(key);
      all.push(...cases);
    }
    return all;
  };

  /** Cases one after the other, those that end first before the others: each takes a bond. */
  const answerCases = async (head: Head): Promise<void> => {
    const bonded = docket.cases().flatMap((open): Answerable[] => {
      const { answerEnd } = open;
      return answerEnd !== null && head.timestamp < answerEnd ? [{ ...open, answerEnd }] : [];
    });
    const free = await freeCases();
    let failure: unknown;
    for (const open of [...bonded, ...free].sort((a, b) => Number(a.answerEnd - b.answerEnd))) {
      if (defence.isLeft(open.id)) continue;
      await defence.answer(open).catch((error: unknown) => {
        // Without a bond for this one there is none for the next.
        if (error instanceof SuretyError && error.code === "COURT_NO_BOND") throw error;
        failure ??= error;
      });
    }
    if (failure !== undefined) throw failure;
  };

  const ownerAt = async (epoch: bigint): Promise<Address> => {
    if (owner?.epoch === epoch) return owner.address;
    const args = [provider, epoch] as const;
    const call = () => client.readContract({ ...contracts.providers, functionName: "ownerAt", args });
    owner = { epoch, address: await rpc("the owner", call) };
    return owner.address;
  };

  const claimAll = async (payees: readonly Address[]): Promise<void> => {
    isOwed = false;
    try {
      await claim(payees);
    } catch (error) {
      isOwed = true;
      throw error;
    }
  };

  return {
    step: async (head) => {
      if (performance.now() - lookedAt < LOOK_MS) return;
      lookedAt = performance.now();
      await docket.update();
      if (head.timestamp < clock.genesis) return;
      for (const demand of docket.demands()) {
        if (head.timestamp < demand.deadline) start(`answer ${demand.id}`, () => answer(demand));
      }
      start("cases", () => answerCases(head));
      for (const open of docket.cases()) {
        if (open.answerEnd === null) start(`close ${open.id}`, () => defence.close(open, head));
      }
      const payees = [...new Set([await ownerAt(epochAt(clock, head.timestamp)), sender.address])];
      isOwed ||= docket.tookOwed(payees);
      if (isOwed) start("claims", () => claimAll(payees));
    },
    holds: docket.holds,
    idle: async () => {
      await Promise.all(running.values());
    },
  };
}
