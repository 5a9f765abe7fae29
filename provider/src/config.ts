import { commonSettings, defineSettings, kind, type Values } from "@surety/node-kit";

/** Settings of `surety-provider serve`. */
export const providerSettings = defineSettings({
  ...commonSettings,
  data: { kind: kind.path("./provider-data"), about: "folder of receipts, keys to openings and transactions" },
  models: {
    kind: kind.path("./models"),
    about: "folder with a folder per model: model.onnx, manifest.json, profile.json",
  },
  host: { kind: kind.text(1, 255), about: "address to listen on", default: "127.0.0.1" },
  port: { kind: kind.port(), about: "port to listen on; 0 takes a free one", default: "8080" },
  pollMs: { kind: kind.integer(50, 60_000, 500), about: "milliseconds between looks at the chain", default: "500" },
  maxSkewMs: {
    kind: kind.integer(100, 60_000, 2_000),
    about: "milliseconds by which this clock and the chain's may differ; nothing is served beyond",
    default: "2000",
  },
  runTimeoutMs: {
    kind: kind.integer(10, 600_000, 10_000),
    about: "milliseconds one inference may take before its process is killed",
    default: "10000",
  },
  memoryBudgetMb: {
    kind: kind.integer(256, 1_048_576, 4_096),
    about: "MiB of memory for the processes that run models; the least recently used ends when they need more",
    default: "4096",
  },
  sharedProcess: {
    kind: kind.yes(),
    about: "run all models in one process instead of one process each",
    default: "false",
  },
  courtDefend: {
    kind: kind.choice("honest", "always", "never"),
    about:
      "which cases go to the jury, with a bond of the operator's: those that an own re-run calls unjust, all, or none",
    default: "honest",
  },
  maxInFlight: {
    kind: kind.integer(1, 100_000, 256),
    about: "requests of one model that may wait or run at a time; more are answered 429",
    default: "256",
  },
});

/** Their values. */
export type ProviderSettings = Values<typeof providerSettings>;
