// The demo's clients, as a process: requests that arrive as the day's demand does, at every provider and model alike.
import { createHttp } from "@surety/node-kit";
import { decodeInferResponse, encodeInferRequest, HEADER_LENGTH } from "@surety/sdk";
import { loadInputs } from "../../models/inputs.ts";
import { poisson, seededRandom } from "../lib/random.ts";
import { demandShare } from "./demand.ts";

/** What the parent sends first. */
export type LoadConfig = {
  /** Base URLs of the providers, by name. */
  providers: Record<string, string>;
  models: string[];
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

process.once("message", (config: LoadConfig) => {
  const http = createHttp({ allowHttp: true, allowPrivate: true, timeoutMs: 4 * config.latencyMs, connections: 16 });
  const counts: Record<string, LoadCounts> = {};
  const inputs = Object.fromEntries(config.models.map((model) => [model, loadInputs(model)]));
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

  const send = async (provider: string, model: string) => {
    const key = `${provider}/${model}`;
    counts[key] ??= { sent: 0, timely: 0, refused: 0, failed: 0 };
    const count = counts[key];
    count.sent++;
    const source = inputs[model]!;
    const message = encodeInferRequest({ inputs: source.at(Math.floor(random() * source.count)), binaryOutput: true });
    try {
      const answer = await http.request({
        url: `${config.providers[provider]}/v2/models/${model}/infer`,
        method: "POST",
        headers: message.headers,
        body: message.body,
      });
      if (answer.status === 200) {
        decodeInferResponse({ body: answer.body, headerLength: answer.headers[HEADER_LENGTH] });
        if (answer.elapsedMs <= config.latencyMs) count.timely++;
        else count.failed++;
      } else if (answer.status === 429) count.refused++;
      else {
        count.failed++;
        failures.note(key, `${answer.status} ${new TextDecoder().decode(answer.body).slice(0, 200)}`);
      }
    } catch (error) {
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
      for (const model of config.models) {
        const arrivals = poisson(config.rate * config.epochLength * demandShare(slot), random);
        for (let i = 0; i < arrivals; i++) {
          setTimeout(() => void send(provider, model), Math.max(0, start + random() * length - Date.now()));
        }
      }
    }
    const next = slot + 1 < SLOTS ? ([epoch, slot + 1] as const) : ([epoch + 1, 0] as const);
    setTimeout(() => plan(...next), Math.max(0, start - Date.now()));
  };

  plan(config.firstEpoch, 0);
  setInterval(() => process.send?.({ kind: "counts", counts }), 1000);
  process.send?.({ ready: true });
});
process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
// An interrupt reaches the whole group; the parent decides when its children end.
process.on("SIGINT", () => undefined);
