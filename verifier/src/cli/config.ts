import { commonSettings, defineSettings, kind, type Values } from "@surety/node-kit";
import { DRAND_URLS } from "../settle/drand-urls.ts";

/** Settings that tell which verifier's data is meant. */
const data = { kind: kind.path("./verifier-data"), about: "folder of assignments, journal and transactions" };

/** Settings of `surety-verifier start`. */
export const startSettings = defineSettings({
  ...commonSettings,
  data,
  models: {
    kind: kind.path("./models"),
    about: "folder with a folder per model: model.onnx, manifest.json, profile.json",
  },
  inputs: {
    kind: kind.path("./models/inputs.ts"),
    about: "module that exports loadInputs(name): real inputs to probe with (default inputs.ts in --models)",
    optional: true,
  },
  confirmations: {
    kind: kind.integer(0, 1_000, 2),
    about: "blocks above one before its events count (default 0 on dev chains, else 2)",
    optional: true,
  },
  pollMs: { kind: kind.integer(50, 60_000, 300), about: "milliseconds between looks at the chain", default: "300" },
  runTimeoutMs: {
    kind: kind.integer(10, 600_000, 10_000),
    about: "milliseconds one inference may take before its process is killed",
    default: "10000",
  },
  courtChallenge: {
    kind: kind.yes(),
    about: "accuse at the court whom the own evidence convicts, and end what others left there",
    default: "true",
  },
  courtBond: {
    kind: kind.amount(18, "100"),
    about: "most that accusations may bind in bonds at a time, whole units of the asset",
    default: "100",
  },
  courtFeeGwei: {
    kind: kind.decimal(0, 1_000_000, 100),
    about: "most gwei per gas at which it accuses, ends cases and claims; duties with a deadline are always done",
    default: "100",
  },
  drandUrls: {
    kind: kind.urls(DRAND_URLS[0]),
    about: "drand relays to draw seeds from, where the deployment has a DrandBeacon",
    default: DRAND_URLS.join(","),
  },
  memoryBudgetMb: {
    kind: kind.integer(256, 1_048_576, 4_096),
    about: "MiB of memory for the processes that run models; the least recently used ends when they need more",
    default: "4096",
  },
  sharedProcess: {
    kind: kind.yes(),
    about: "run all models in one native and one WASM process instead of two processes each",
    default: "false",
  },
  allowPrivate: {
    kind: kind.yes(),
    about: "also call providers over http and in private networks; always on dev chains",
    default: "false",
  },
});

/** Their values. */
export type StartSettings = Values<typeof startSettings>;

/** Settings of `surety-verifier status`. */
export const statusSettings = defineSettings({
  data,
  json: { kind: kind.yes(), about: "print JSON", default: "false" },
  rpcUrls: {
    ...commonSettings.rpcUrls,
    about: "JSON-RPC addresses; without them earnings are not shown",
    optional: true,
  },
  deployments: commonSettings.deployments,
});

/** Their values. */
export type StatusSettings = Values<typeof statusSettings>;

/** Settings of `surety-verifier claim`. */
export const claimSettings = defineSettings({ ...commonSettings, data });

/** Their values. */
export type ClaimSettings = Values<typeof claimSettings>;
