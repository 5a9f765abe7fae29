import { kind } from "@surety/node-kit";
import {
  claimProviderPay,
  commitPromise,
  exitProvider,
  registerProvider,
  releasePromises,
} from "../actions/provider.ts";
import { bond, stakeOf } from "../actions/stake.ts";
import { parseAmount } from "../amounts.ts";
import { signer } from "../context.ts";
import { scriptKind } from "../kinds.ts";
import { defineCommand } from "../program.ts";
import { providerStatusCommand } from "./provider-status.ts";
import { amountOf, exitReport, money, runClaimExits, shared, withAsset } from "./shared.ts";

const { amount, provider, modelIds, exits } = shared;
const UINT32_MAX = 0xffff_ffff;

const register = defineCommand({
  name: "register",
  about: "Registers the signing account as provider.",
  example: "node scripts/provider.ts register --endpoint https://provider.example --operator 0x...",
  settings: {
    endpoint: { kind: scriptKind.endpoint(), about: "base address of the provider's service" },
    operator: {
      kind: kind.address(),
      about: "address of the key that signs receipts and commits logs; default: the signing account",
      optional: true,
    },
    failureDomain: {
      kind: scriptKind.label(),
      about: "what it shares its fate with: cloud and region",
      optional: true,
    },
  },
  async run({ endpoint, operator, failureDomain }, session) {
    const done = await registerProvider(await session.context(), { endpoint, operator, failureDomain });
    const facts = [
      { name: "provider", value: done.provider },
      { name: "operator", value: done.operator },
      ...(done.already ? [{ name: "note", value: "was registered; nothing sent" }] : []),
    ];
    return { calls: done.calls, facts };
  },
});

const bondCommand = defineCommand({
  name: "bond",
  aliases: ["stake"],
  about: "Adds to a provider's stake; approves the asset first where that is missing.",
  example: "node scripts/provider.ts bond --amount 5000",
  settings: { amount, provider },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    const account = values.provider ?? signer(context);
    const { calls } = await bond(context, { account, amount: amountOf(values, asset) });
    const { active, free } = await stakeOf(context, account);
    return { calls, facts: [money("stake", active, asset), money("free", free, asset)] };
  },
});

const commit = defineCommand({
  name: "commit",
  about: "Promises availability for a model; locks 7 epochs of full revenue of the bond.",
  example:
    "node scripts/provider.ts commit --model-id 0x... --target 99.5 --latency-ms 2000 --capacity 10 --unit-price 0.0001 --epochs 90",
  settings: {
    provider,
    modelId: { kind: kind.bytes32(), about: "the model, as scripts/model.ts printed it" },
    target: { kind: scriptKind.percent(99.9, "99.5"), about: "promised share of timely answers, percent" },
    latencyMs: {
      kind: kind.integer(1, UINT32_MAX, 2_000),
      about: "an answer later than this is not timely, milliseconds",
    },
    capacity: { kind: kind.integer(1, UINT32_MAX, 10), about: "units of work per second" },
    unitPrice: { kind: scriptKind.amount("0.0001"), about: "price of a unit, whole units of the asset" },
    firstEpoch: { kind: kind.whole(2n), about: "first epoch; default: the earliest possible", optional: true },
    epochs: { kind: kind.integer(1, UINT32_MAX, 90), about: "number of epochs" },
  },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    const unitPrice = parseAmount("--unit-price", values.unitPrice, asset);
    const made = await commitPromise(context, { ...values, unitPrice, epochs: BigInt(values.epochs) });
    const facts = [
      { name: "promise", value: made.index, text: String(made.index ?? "not made") },
      { name: "firstEpoch", value: made.firstEpoch },
      { name: "lastEpoch", value: made.lastEpoch },
      money("bonded", made.bonded, asset),
    ];
    return { calls: made.calls, facts };
  },
});

const release = defineCommand({
  name: "release",
  about: "Frees the bond of promises that are over.",
  example: "node scripts/provider.ts release",
  settings: { provider, modelIds },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    const { calls, freed } = await releasePromises(context, values);
    return { calls, facts: [money("freed", freed, asset)] };
  },
});

const exit = defineCommand({
  name: "exit",
  about: "Asks for an exit of free stake, paid to the owner after the exit delay.",
  example: "node scripts/provider.ts exit --amount 1000",
  settings: { amount, provider },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    return exitReport(await exitProvider(context, { provider: values.provider, amount: amountOf(values, asset) }));
  },
});

const claimExit = defineCommand({
  name: "claim-exit",
  about: "Pays out exits that are released.",
  example: "node scripts/provider.ts claim-exit",
  settings: { provider, exits },
  run: (values, session) => runClaimExits(session, values.provider, values.exits),
});

const claim = defineCommand({
  name: "claim",
  about: "Pays what the provider has earned to its owner.",
  example: "node scripts/provider.ts claim",
  settings: { provider, modelIds },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    const { calls, paid } = await claimProviderPay(context, values);
    return { calls, facts: [money("paid", paid, asset)] };
  },
});

/** The commands of scripts/provider.ts. */
export const providerCommands = [register, bondCommand, commit, release, exit, claimExit, claim, providerStatusCommand];
