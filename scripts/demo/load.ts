// The demo's clients, as a process: requests that arrive as the day's demand does, at every provider and model alike.
import { createHttp, recoverSigner, toFastAccount } from "@surety/node-kit";
import { caseId, type ModelManifest, receiptDomain, SuretyError } from "@surety/protocol";
import { createInferClient, type InferClient, type Post } from "@surety/sdk";
import type { Address, Hex } from "viem";
import { loadInputs } from "../../models/inputs.ts";
import { poisson, seededRandom } from "../lib/random.ts";
import { CLIENT, devAccount } from "./accounts.ts";
import { demandShare } from "./demand.ts";

/** What the parent sends first. */
export type LoadConfig = {
  /** Base URL, address and operator of the providers, by name. */
  providers: Record<string, { url: string; provider: Address; operator: Address }>;
  models: ModelManifest[];
  chainId: number;
  receiptLog: Address;
  /** Unix seconds and seconds. */
  genesis: number;
  epochLength: number;
  /** First epoch with traffic. */
  firstEpoch: number;
  /** Requests per second to each provider's each model, on average over a day. */
  rate: number;
  /** The promise's latency bound, milliseconds. */
  latencyMs: number;
  seed: number;
};

/** What clients saw of one provider's one model so far. */
export type LoadCounts = { sent: number; timely: number; refused: number; failed: number };

const SLOTS = 24;
/** Share of requests that the client signs; the others are nobody's. */
const SIGNED_SHARE = 0.3;

process.once("message", (config: LoadConfig) => {
  const http = createHttp({ allowHttp: true, allowPrivate: true, timeoutMs: 4 * config.latencyMs, connections: 16 });
  const counts: Record<string, LoadCounts> = {};
  const models = Object.fromEntries(
    config.models.map((manifest) => [manifest.name, { manifest, source: loadInputs(manifest.name) }]),
  );
  const random = seededRandom(config.seed, "load");

  /** The first of each kind of failure is told, as is their number: a provider's bug must not look like misbehaviour. */
  const failures = {
    seen: new Map<string, number>(),
    note(key: string, reason: string) {
      const kind = `${key} ${reason.replace(/\d+/g, "#")}`;
      const times = (this.seen.get(kind) ?? 0) + 1;
      this.seen.set(kind, times);
      if (times === 1) process.send?.({ kind: "failure", key, reason });
    },
  };

  /** A way to ask each provider: as nobody, and as the client that signs. */
  const asking = new Map<string, Record<"unsigned" | "signed", InferClient>>();
  const account = toFastAccount(devAccount(CLIENT).key);
  for (const [name, { url: endpoint, provider, operator }] of Object.entries(config.providers)) {
    const post: Post = (url, { headers, body }) => http.request({ url, method: "POST", headers, body });
    const domain = receiptDomain({ chainId: config.chainId, receiptLog: config.receiptLog });
    const clock = { genesis: BigInt(config.genesis), length: BigInt(config.epochLength) };
    const options = { endpoint, provider, operator, domain, clock, post, recover: recoverSigner, skewMs: 5_000 };
    asking.set(name, {
      unsigned: createInferClient(options),
      signed: createInferClient({ ...options, account }),
    });
  }
  /** Cases that there may be about answers whose receipts name the client. */
  const kept = new Set<Hex>();

  const send = async (provider: string, model: string) => {
    const key = `${provider}/${model}`;
    counts[key] ??= { sent: 0, timely: 0, refused: 0, failed: 0 };
    const count = counts[key];
    count.sent++;
    const { source, manifest } = models[model]!;
    const as = random() < SIGNED_SHARE ? "signed" : "unsigned";
    const started = performance.now();
    try {
      const { receipt } = await asking
        .get(provider)!
        [as].infer(manifest, source.at(Math.floor(random() * source.count)));
      if (as === "signed") kept.add(caseId(receipt));
      if (performance.now() - started <= config.latencyMs) count.timely++;
      else count.failed++;
    } catch (error) {
      const status = error instanceof SuretyError ? error.details?.status : undefined;
      if (status === 429) return void count.refused++;
      // A client that gets no answer has been failed by its provider; the count says so.
      count.failed++;
      failures.note(key, error instanceof Error ? error.message : String(error));
    }
  };

  /** Plans the arrivals of one slot, a slot ahead. */
  const plan = (epoch: number, slot: number) => {
    const length = (config.epochLength * 1000) / SLOTS;
    const start = (config.genesis + epoch * config.epochLength) * 1000 + slot * length;
    for (const provider of Object.keys(config.providers)) {
      for (const model of Object.keys(models)) {
        const arrivals = poisson(config.rate * config.epochLength * demandShare(slot), random);
        for (let i = 0; i < arrivals; i++) {
          const delay = start + random() * length - Date.now();
          // What should have come before these clients were there does not come: all at once it would be a flood.
          if (delay >= 0) setTimeout(() => void send(provider, model), delay);
        }
      }
    }
    const next = slot + 1 < SLOTS ? ([epoch, slot + 1] as const) : ([epoch + 1, 0] as const);
    setTimeout(() => plan(...next), Math.max(0, start - Date.now()));
  };

  plan(config.firstEpoch, 0);
  setInterval(() => process.send?.({ kind: "counts", counts }), 1000);
  process.on("message", ({ question, ids }: { question: number; ids: Hex[] }) => {
    process.send?.({ answer: question, value: ids.filter((id) => kept.has(id)).length });
  });
  process.send?.({ ready: true });
});
process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
// An interrupt reaches the whole group; the parent decides when its children end.
process.on("SIGINT", () => undefined);
