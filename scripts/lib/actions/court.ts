import { askedReceipts, ROLE_PROBE, SuretyError, unpackProbeReport } from "@surety/protocol";
import {
  type AttestedSeat,
  answeredProof,
  attestedSeat,
  CASE_STATES,
  type CaseState,
  DEMAND_KINDS,
  DEMAND_STATES,
  type DemandKind,
  type DemandState,
  disputeCourtAbi,
  JURY_VERDICTS,
  type JuryVerdict,
  type SavedReceipt,
  TILLS,
} from "@surety/sdk";
import { type Address, encodeFunctionData, type Hex, isAddressEqual, zeroAddress, zeroHash } from "viem";
import { showAmount } from "../amounts.ts";
import { type Context, type ReadContext, signer } from "../context.ts";
import { addressOf, read } from "../contracts.ts";
import { eventsIn, findEvents } from "../events.ts";
import { type Call, type Done, perform } from "../perform.ts";
import { showTime } from "../refusal.ts";
import { after, assetOf, callOf, planApproval } from "./stake.ts";

/** A demand as the chain holds it; times in Unix seconds. */
export type ShownDemand = {
  id: Hex;
  kind: DemandKind;
  state: DemandState;
  accused: Address;
  demander: Address;
  /** Unit of the log, number of the receipt, sample, or number of the seat's receipt. */
  place: bigint;
  deadline: bigint;
};

/** A jury as the chain holds it; times in Unix seconds. */
export type ShownJury = {
  verdict: JuryVerdict;
  start: bigint;
  commitEnd: bigint;
  revealEnd: bigint;
  convictions: number;
  revealed: number;
  seats: readonly Address[];
};

/** A case as the chain holds it; times in Unix seconds. */
export type ShownCase = {
  id: Hex;
  state: CaseState;
  provider: Address;
  modelId: Hex;
  epoch: bigint;
  /** Undefined: a free case. */
  challenger: Address | undefined;
  answerEnd: bigint;
  jury: ShownJury | undefined;
};

const NONE = 0;
const nobody = (address: Address): boolean => isAddressEqual(address, zeroAddress);

/** A demand; undefined if there is none of this number. */
export async function demandOf(context: ReadContext, id: Hex): Promise<ShownDemand | undefined> {
  const found = await read(context, "Demands", "demandOf", [id]);
  if (found.state === NONE) return undefined;
  const { accused, demander, place, deadline } = found;
  const names = { kind: DEMAND_KINDS[found.kind]!, state: DEMAND_STATES[found.state]! };
  return { id, ...names, accused, demander, place, deadline };
}

async function juryOf(context: ReadContext, id: Hex): Promise<ShownJury | undefined> {
  const jury = await read(context, "Juries", "juryOf", [id]);
  if (jury.start === 0n) return undefined;
  const [verdict, seats] = await Promise.all([
    read(context, "Juries", "verdictOf", [id]),
    read(context, "Juries", "seatsOf", [id]),
  ]);
  const { start, commitEnd, revealEnd, convictions, revealed } = jury;
  return { verdict: JURY_VERDICTS[verdict]!, start, commitEnd, revealEnd, convictions, revealed, seats };
}

/** A case; undefined if none of this number was opened, tried or closed. */
export async function caseOf(context: ReadContext, id: Hex): Promise<ShownCase | undefined> {
  const found = await read(context, "DisputeCourt", "caseOf", [id]);
  if (found.state === NONE) return undefined;
  const { provider, modelId, epoch, answerEnd } = found;
  const challenger = nobody(found.challenger) ? undefined : found.challenger;
  const jury = await juryOf(context, id);
  return { id, state: CASE_STATES[found.state]!, provider, modelId, epoch, challenger, answerEnd, jury };
}

/**
 * What is or was before the court, from its events.
 * @param args.account Only what is about this provider or verifier. @param args.open Only what has not ended.
 */
export async function listCourt(
  context: ReadContext,
  args: { account?: Address | undefined; open: boolean },
): Promise<{ demands: (ShownDemand & { modelId: Hex; epoch: bigint })[]; cases: (ShownCase & { seq: number })[] }> {
  const { account, open } = args;
  const about = account === undefined ? {} : { provider: account };
  const [demanded, opened, tried] = await Promise.all([
    findEvents(context, "Demands", "Demanded", account === undefined ? {} : { accused: account }),
    findEvents(context, "DisputeCourt", "CaseOpened", about),
    findEvents(context, "DisputeCourt", "CaseTried", about),
  ]);
  const demands = [];
  for (const { id, modelId, epoch } of demanded) demands.push({ ...(await demandOf(context, id))!, modelId, epoch });
  const cases = [];
  const numbers = new Map([...opened, ...tried].map(({ id, seq }) => [id, seq]));
  for (const [id, seq] of numbers) cases.push({ ...(await caseOf(context, id))!, seq });
  return {
    demands: demands.filter(({ state }) => !open || state === "open"),
    cases: cases.filter(({ state }) => !open || state === "open" || state === "tried"),
  };
}

/** What is demanded: a receipt's leaf, the proof that the log holds a receipt, a sample's leaf, or a probe seat's receipt. */
export type DemandArgs =
  | { kind: "leaf" | "omission"; saved: SavedReceipt }
  | { kind: "sample"; provider: Address; modelId: Hex; epoch: bigint; sample: number }
  | { kind: "probe"; provider: Address; modelId: Hex; epoch: bigint; seat: number; probe: number };

/**
 * Demands something of a provider or a verifier, with a bond of the signer that goes to who answers. A demand that cannot be
 * answered, or that the next epoch's seed asks for, takes none.
 * @throws {SuretyError} `SEAT_NOT_REVEALED`, `RECEIPT_NOT_COUNTED`, `BALANCE_TOO_LOW`, or a refusal.
 * @returns The demand's number (undefined in a dry run) and until when it can be answered.
 */
export async function demand(
  context: Context,
  args: DemandArgs,
): Promise<Done & { id: Hex | undefined; deadline: bigint | undefined; bond: bigint }> {
  const [asset, full] = await Promise.all([assetOf(context), read(context, "Demands", "bond")]);
  const probes = args.kind === "probe" ? await probesOf(context, args) : undefined;
  const isFree = args.kind === "probe" ? await isAsked(context, args) : await isBeyondLog(context, args);
  const bond = isFree ? 0n : full;
  const approvals = await planApproval(context, asset, "Demands", bond);
  const plan = [...approvals, ...after(approvals, [demandCall(context, args, showAmount(bond, asset), probes)])];
  const calls = await perform(context, plan, asset);
  const made = eventsIn(context, "Demands", "Demanded", calls).at(-1);
  return { calls, id: made?.id, deadline: made?.deadline, bond };
}

/** A receipt with a number beyond its log is omitted for all to see: that takes no bond. */
async function isBeyondLog(context: Context, args: DemandArgs): Promise<boolean> {
  if (args.kind !== "omission") return false;
  const { provider, modelId, epoch, seq } = args.saved.receipt;
  const { exists, count } = await read(context, "ReceiptLog", "log", [provider, modelId, epoch]);
  return exists && seq >= count;
}

type ProbeArgs = Extract<DemandArgs, { kind: "probe" }>;

/** What a probe seat has revealed. */
async function probesOf(context: Context, { provider, modelId, epoch, seat }: ProbeArgs): Promise<AttestedSeat> {
  const { client, deployment } = context;
  const hub = addressOf(context, "AttestationHub");
  const at = { hub, provider, modelId, epoch, role: ROLE_PROBE, seat, fromBlock: deployment.startBlock };
  const found = await attestedSeat(client, at);
  if (found) return found;
  throw new SuretyError(
    "SEAT_NOT_REVEALED",
    `Probe seat ${seat} of epoch ${epoch} revealed nothing, so nothing of it can be demanded. Nothing was sent.`,
    { details: { provider, modelId, epoch, seat } },
  );
}

/**
 * Whether the next epoch's seed asks for the receipt: that takes no bond.
 * @throws {SuretyError} `RECEIPT_NOT_COUNTED`: nothing is approved for a receipt that the seat does not count.
 */
async function isAsked(context: Context, { provider, modelId, epoch, seat, probe }: ProbeArgs): Promise<boolean> {
  const beacon = "HeaderBeacon" in context.deployment.contracts ? "HeaderBeacon" : "DrandBeacon";
  const [[seed], [, report]] = await Promise.all([
    read(context, beacon, "seedOf", [epoch + 1n]),
    read(context, "AttestationHub", "reportOf", [provider, modelId, epoch, ROLE_PROBE, seat]),
  ]);
  const { answered } = unpackProbeReport(report);
  if (probe >= answered) {
    const message = `Probe seat ${seat} of epoch ${epoch} counts ${answered} receipts, from number 0; ${probe} is none of them. Nothing was sent.`;
    throw new SuretyError("RECEIPT_NOT_COUNTED", message, { details: { have: probe, need: answered } });
  }
  return seed !== zeroHash && askedReceipts({ seed, provider, modelId, seat }, answered).includes(probe);
}

function demandCall(context: Context, args: DemandArgs, bond: string, probes: AttestedSeat | undefined): Call {
  if (args.kind === "probe") {
    const { provider, modelId, epoch, seat, probe } = args;
    const about = { provider, model: modelId, epoch: String(epoch), verifier: probes!.verifier };
    const shown = { ...about, seat: String(seat), receipt: String(probe), bond };
    return callOf(context, "Demands", "demandProbe", [probes!, probe], shown);
  }
  if (args.kind === "sample") {
    const { provider, modelId, epoch, sample } = args;
    const shown = { provider, model: modelId, epoch: String(epoch), sample: String(sample), bond };
    return callOf(context, "Demands", "demandSample", [provider, modelId, epoch, sample], shown);
  }
  const { receipt, signature } = args.saved;
  const { provider, modelId, epoch, seq } = receipt;
  const shown = { provider, model: modelId, epoch: String(epoch), receipt: String(seq), bond };
  const functionName = args.kind === "leaf" ? "demandLeaf" : "demandReceipt";
  return callOf(context, "Demands", functionName, [receipt, signature], shown);
}

/**
 * Opens a case about the leaf that the answer to a demand proved, with a bond that comes back unless the jury acquits.
 * @param args.demand The answered demand. @param args.saved With the receipt the provider has to open the very output that
 * it signed.
 * @throws {SuretyError} `COURT_NO_PROOF`, `BALANCE_TOO_LOW`, or a refusal.
 */
export async function openCase(
  context: Context,
  args: { demand: Hex; saved?: SavedReceipt | undefined },
): Promise<Done & { id: Hex; answerEnd: bigint | undefined; bond: bigint }> {
  const { client, deployment } = context;
  const rooms = { demands: addressOf(context, "Demands"), openings: addressOf(context, "Openings") };
  const proof = await answeredProof(client, { ...rooms, id: args.demand, fromBlock: deployment.startBlock });
  const { provider, modelId, epoch, seq } = proof.leaf;
  const [asset, bond, id] = await Promise.all([
    assetOf(context),
    read(context, "DisputeCourt", "bond"),
    read(context, "DisputeCourt", "caseId", [provider, modelId, epoch, seq]),
  ]);
  const shown = { provider, model: modelId, epoch: String(epoch), leaf: String(seq), bond: showAmount(bond, asset) };
  const call = args.saved
    ? callOf(context, "DisputeCourt", "openReceipt", [proof, args.saved.receipt, args.saved.signature], shown)
    : callOf(context, "DisputeCourt", "open", [proof], shown);
  const approvals = await planApproval(context, asset, "DisputeCourt", bond);
  const calls = await perform(context, [...approvals, ...after(approvals, [call])], asset);
  return { calls, id, answerEnd: eventsIn(context, "DisputeCourt", "CaseOpened", calls).at(-1)?.answerEnd, bond };
}

const unknown = (id: Hex): SuretyError =>
  new SuretyError(
    "COURT_UNKNOWN",
    `There is no demand and no case ${id} on this chain: \`surety court list\` shows them.`,
    {
      details: { id },
    },
  );

const notOver = (what: string, id: Hex, have: bigint, need: bigint): SuretyError =>
  new SuretyError("COURT_NOT_OVER", `${what} ${id} cannot be ended before ${showTime(need)}. Nothing was sent.`, {
    retryable: true,
    details: { id, have, need },
  });

const ended = (what: string, id: Hex, state: string): SuretyError =>
  new SuretyError("COURT_ENDED", `${what} ${id} has ended: ${state}. Nothing was sent.`, { details: { id, state } });

/** A demand or a case by its number, whichever it is; throws `COURT_UNKNOWN`. */
export async function findCourt(
  context: ReadContext,
  id: Hex,
): Promise<{ demand: ShownDemand; case?: undefined } | { demand?: undefined; case: ShownCase }> {
  const made = await demandOf(context, id);
  if (made) return { demand: made };
  const found = await caseOf(context, id);
  if (found) return { case: found };
  throw unknown(id);
}

/** What was ended; `taken` from the accused, in the asset's smallest unit. */
export type Ended = { id: Hex; what: "demand" | "case"; taken: bigint };

/** Most cases that one transaction ends: it stays below 2^24 gas. */
const TOGETHER = 32;

/** Throws unless a demand or case waits for its end. */
function requireOver(id: Hex, { demand: made, case: found }: Awaited<ReturnType<typeof findCourt>>, now: bigint): void {
  const what = made ? "Demand" : "Case";
  const { state } = made ?? found;
  if (state !== "open" && state !== "tried") throw ended(what, id, state);
  const need = made ? made.deadline : (found.jury?.revealEnd ?? found.answerEnd);
  if (now < need) throw notOver(what, id, now, need);
}

/** The calls that end cases: many in one, as they share much of its gas. */
function closeCalls(context: Context, cases: readonly ShownCase[]): Call[] {
  const calls: Call[] = [];
  for (let first = 0; first < cases.length; first += TOGETHER) {
    const some = cases.slice(first, first + TOGETHER);
    const [{ id, provider }] = some as [ShownCase];
    const data = some.map((one) => encodeFunctionData({ abi: disputeCourtAbi, functionName: "close", args: [one.id] }));
    const shown = { cases: some.map((one) => one.id).join(", ") };
    calls.push(
      some.length === 1
        ? callOf(context, "DisputeCourt", "close", [id], { case: id, provider })
        : callOf(context, "DisputeCourt", "multicall", [data], shown),
    );
  }
  return calls;
}

/**
 * Ends what is over, as anybody may: fails demands without an answer, closes cases without one or with a verdict, these in
 * one transaction.
 * @returns `ended`: empty in a dry run.
 * @throws {SuretyError} `COURT_UNKNOWN`, `COURT_NOT_OVER`, `COURT_ENDED`, or a refusal.
 */
export async function endAtCourt(
  context: Context,
  { ids }: { ids: readonly Hex[] },
): Promise<Done & { ended: Ended[] }> {
  const [asset, { timestamp }, ...found] = await Promise.all([
    assetOf(context),
    context.client.getBlock(),
    ...ids.map((id) => findCourt(context, id)),
  ]);
  for (const [i, one] of found.entries()) requireOver(ids[i]!, one, timestamp);
  const demands = found.flatMap(({ demand: made }) => made ?? []);
  const cases = found.flatMap(({ case: one }) => one ?? []);
  const fails = demands.map(({ id, accused }) => callOf(context, "Demands", "fail", [id], { demand: id, accused }));
  const calls = await perform(context, [...fails, ...closeCalls(context, cases)], asset);
  const failed = eventsIn(context, "Demands", "Unanswered", calls);
  const closed = eventsIn(context, "DisputeCourt", "CaseClosed", calls);
  return {
    calls,
    ended: [
      ...failed.map(({ id, taken }): Ended => ({ id, what: "demand", taken })),
      ...closed.map(({ id, taken }): Ended => ({ id, what: "case", taken })),
    ],
  };
}

/**
 * Pays what the court owes an account to it: restitution, parts of slashes, bonds.
 * @param args.account Default: the signer. @returns `paid` in the asset's smallest unit.
 * @throws {SuretyError} `NOTHING_OWED`.
 */
export async function claimFromCourt(
  context: Context,
  args: { account?: Address | undefined },
): Promise<Done & { paid: bigint }> {
  const account = args.account ?? signer(context);
  const asset = await assetOf(context);
  const plan: Call[] = [];
  for (const till of TILLS) {
    const owed = await read(context, till, "owed", [account]);
    const shown = { account, amount: showAmount(owed, asset) };
    if (owed > 0n) plan.push(callOf(context, till, "claim", [account], shown));
  }
  if (plan.length === 0) {
    throw new SuretyError("NOTHING_OWED", `The court owes ${account} nothing. Nothing was sent.`, {
      details: { account },
    });
  }
  const calls = await perform(context, plan, asset);
  const paid = TILLS.flatMap((till) => eventsIn(context, till, "Claimed", calls));
  return { calls, paid: paid.reduce((sum, { amount }) => sum + amount, 0n) };
}
