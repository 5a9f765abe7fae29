import { isMeasured, type ProviderStatus, providerStatus } from "../actions/status.ts";
import { type Asset, showAmount } from "../amounts.ts";
import { defineCommand } from "../program.ts";
import { showShare, showTime } from "../refusal.ts";
import { exitTable, money, shared, subject } from "./shared.ts";

/** `provider status`: needs no key if the provider is named. */
export const providerStatusCommand = defineCommand({
  name: "status",
  kind: "reads",
  about: "Shows registration, stake, promises, records and pay.",
  example: "node scripts/provider.ts status --provider 0x...",
  settings: { provider: shared.provider, modelIds: shared.modelIds },
  async run({ provider: named, modelIds }, session) {
    const { context, account, asset } = await subject(session, named);
    const status = await providerStatus(context, { provider: account, modelIds });
    const { provider, registered, owner, operator, endpoint, stake, exits, claimable, epoch } = status;
    const facts = [
      { name: "provider", value: provider },
      { name: "registered", value: registered, text: registered ? "yes" : "no" },
      ...(registered ? Object.entries({ owner, operator, endpoint }).map(([name, value]) => ({ name, value })) : []),
      { name: "epoch", value: epoch },
      money("stake", stake.active, asset),
      money("locked", stake.locked, asset),
      money("free", stake.free, asset),
      money("claimable", claimable, asset),
    ];
    return { calls: [], facts, tables: [promiseTable(status, asset), recordTable(status), exitTable(exits, asset)] };
  },
});

const promiseTable = ({ promises, epoch }: ProviderStatus, asset: Asset) => ({
  name: "promises",
  columns: ["model", "promise", "target", "latency", "capacity", "epochs", "locks", "state"].map((title) => ({
    title,
  })),
  rows: promises.map((p) => [
    p.modelId,
    p.index,
    showShare(BigInt(p.target)),
    `${p.latencyMs} ms`,
    `${p.capacity}/s`,
    `${p.firstEpoch}-${p.lastEpoch}`,
    showAmount(p.released ? 0n : p.bonded, asset),
    stateOf(p, epoch),
  ]),
});

function stateOf(p: ProviderStatus["promises"][number], epoch: bigint): string {
  if (p.released) return "released";
  if (epoch < BigInt(p.firstEpoch)) return "to come";
  return epoch <= BigInt(p.lastEpoch) ? "running" : `over, free from ${showTime(p.over)}`;
}

const recordTable = ({ records }: ProviderStatus) => ({
  name: "records",
  columns: ["model", "score", "mean", "samples", "last epoch", "open cases", "alarms"].map((title) => ({ title })),
  rows: records
    .filter(isMeasured)
    .map((r) => [
      r.modelId,
      showShare(BigInt(r.score)),
      showShare(BigInt(r.mean)),
      r.samples,
      r.lastEpoch,
      r.openCases,
      r.alarms,
    ]),
});
