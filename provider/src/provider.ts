import { join } from "node:path";
import type { Log } from "@surety/node-kit";
import { receiptDomain, SuretyError } from "@surety/protocol";
import type { Hex, PrivateKeyAccount } from "viem";
import type { ProviderChain } from "./chain.ts";
import type { CourtAccess } from "./court/access.ts";
import type { Defend } from "./court/defence.ts";
import { createCourtDuties } from "./court/step.ts";
import { openEpochKeys } from "./epoch-key.ts";
import { createLogCommitter } from "./log.ts";
import { startLoop } from "./loop.ts";
import type { Admit, BackendFactory, ServedModel } from "./model.ts";
import { createNumbering } from "./numbering.ts";
import { createOpenings } from "./openings.ts";
import { createRetention } from "./retention.ts";
import { createServe, type Loaded } from "./serve.ts";
import { createServer } from "./server.ts";
import { createStatus } from "./status.ts";
import { openReceipts, type ReceiptStore } from "./store.ts";
import { createTrees } from "./trees.ts";
import { createWatch } from "./watch.ts";

/** What a provider is made of. */
export type ProviderDeps = {
  chain: ProviderChain;
  /** The operator key: signs receipts. */
  account: Pick<PrivateKeyAccount, "address" | "sign">;
  models: readonly ServedModel[];
  /** What answers for a model. */
  backend: BackendFactory;
  /** Whether a request may run now. Default: always. */
  admit?: Admit;
  /** Folder of the receipts, which is locked, and of the epoch secret. */
  dataDir: string;
  host: string;
  /** 0: any free port. */
  port: number;
  log: Log;
  /** Unix milliseconds. Default the system's clock. */
  now?: () => number;
  /** Milliseconds between looks at the chain. Default 500. */
  pollMs?: number;
  /** Largest difference between wall clock and chain time, milliseconds. Default 2,000. */
  maxSkewMs?: number;
  /** Requests of one model that may wait or run at a time. Default 256. */
  maxInFlight?: number;
  /** The way to the court, and which cases are defended there. Default: none, as on a chain that has no court. */
  court?: { access: CourtAccess; defend: Defend };
};

/** A provider that serves. */
export type Provider = {
  /** Where it listens. */
  readonly url: string;
  /** What GET /surety/v1/status answers. */
  status(): unknown;
  /** Answers what is under way, finishes its commits, and ends every process it started. */
  close(): Promise<void>;
};

/** Puts a new store into the state in which it may serve, and refuses one that lost its secret. */
function claim(store: ReceiptStore, fingerprint: string, epoch: bigint): bigint {
  const known = store.remember("secret", fingerprint);
  if (known !== fingerprint) {
    throw new SuretyError(
      "PROVIDER_OTHER_SECRET",
      "The epoch secret is not the one that sealed what is in the store: restore epoch-secret from a backup, outputs cannot be opened without it.",
    );
  }
  // An earlier store, now lost, may have numbered receipts of the running epoch: they must not be numbered again.
  return BigInt(store.remember("firstEpoch", String(epoch + 1n)));
}

/**
 * Starts a provider: loads its models, opens its store, looks at the chain and listens.
 * @throws SuretyError with the reason, after closing what was opened
 */
export async function createProvider(deps: ProviderDeps): Promise<Provider> {
  const { chain, account, log, dataDir, now = Date.now, pollMs = 500, maxSkewMs = 2000, maxInFlight = 256 } = deps;
  const { identity } = chain;
  const closers: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (err) {
        log.error({ err }, "could not close");
      }
    }
  };

  try {
    const store = await openReceipts(join(dataDir, "receipts"), identity.provider);
    closers.push(() => store.close());
    const keys = openEpochKeys(join(dataDir, "epoch-secret"), identity.provider);

    const loaded = new Map<string, Loaded>();
    for (const model of deps.models) {
      if (loaded.has(model.manifest.name)) {
        throw new SuretyError(
          "PROVIDER_MODEL_TWICE",
          `Two models are named ${model.manifest.name}; a name is a path here.`,
        );
      }
      const backend = await deps.backend(model);
      closers.push(() => backend.close());
      loaded.set(model.manifest.name, { model, backend });
    }

    const modelIds = deps.models.map(({ modelId }) => modelId);
    const watch = createWatch({ chain, modelIds, operator: account.address, now, maxSkewMs });
    const firstEpoch = claim(store, keys.fingerprint, watch.epoch() ?? -1n);

    const numbering = createNumbering(store);
    const trees = createTrees(store);
    closers.push(() => trees.close());
    const committer = createLogCommitter({ chain, modelIds, store, numbering, trees, log, now });
    const openings = createOpenings({ chain, modelIds, store, trees, keys, log });
    const court =
      deps.court &&
      createCourtDuties({
        ...deps.court,
        chain,
        store,
        trees,
        keys,
        log,
        models: new Map([...loaded.values()].map((one) => [one.model.modelId, one])),
      });
    const isHeld = (modelId: Hex, epoch: bigint) => court?.holds(modelId, epoch) ?? false;
    const retention = createRetention({ chain, modelIds, store, isHeld, log });
    closers.push(() => Promise.all([committer.idle(), court?.idle()]));
    // What the court has against an epoch is read before the epoch may be forgotten.
    const steps = [committer, openings, ...(court ? [court] : []), retention];
    closers.push(startLoop({ pollMs, log, watch, steps }));

    const serve = createServe({
      identity,
      domain: receiptDomain(identity),
      models: loaded,
      numbering,
      keys,
      watch,
      admit: deps.admit ?? (() => true),
      sign: (hash) => account.sign({ hash }),
      now,
      firstEpoch,
      maxInFlight,
    });
    const { problem, status } = createStatus({
      identity,
      operator: account.address,
      models: deps.models,
      watch,
      numbering,
      store,
      firstEpoch,
    });
    const models = new Map(deps.models.map((model) => [model.manifest.name, model]));
    const server = createServer({ models, serve, openings, problem, status, log });
    closers.push(() => server.close());
    const url = await server.listen({ host: deps.host, port: deps.port });
    log.info({ url, provider: identity.provider, models: [...models.keys()] }, "serving");
    return { url, status, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
