import { hash as digestOf } from "node:crypto";
import {
  domainProblem,
  encodeTensors,
  epochAt,
  type Receipt,
  type ReceiptDomain,
  SuretyError,
  slotAt,
  type Tensor,
  units,
} from "@surety/protocol";
import {
  decodeInferRequest,
  encodeOutputs,
  type InferRequest,
  joinInferResponse,
  OIP_LIMITS,
  type OipMessage,
  type RawMessage,
  receiptParameters,
  requestClaimOf,
} from "@surety/sdk";
import { type Address, type Hex, zeroAddress } from "viem";
import type { ChainIdentity } from "./chain.ts";
import type { EpochKeys } from "./epoch-key.ts";
import { atCapacity, notReady, unknownModel } from "./errors.ts";
import type { Admit, Backend, ServedModel } from "./model.ts";
import type { Numbering } from "./numbering.ts";
import { createReceiptHasher } from "./receipt-hash.ts";
import { createSignedRequests } from "./signed-requests.ts";
import type { StoredReceipt } from "./store.ts";
import type { Watch } from "./watch.ts";

/** A model with what answers for it. */
export type Loaded = { model: ServedModel; backend: Backend };

/** What {@link createServe} needs. */
export type ServeOptions = {
  identity: ChainIdentity;
  domain: ReceiptDomain;
  /** By the manifest's name. */
  models: ReadonlyMap<string, Loaded>;
  numbering: Numbering;
  keys: EpochKeys;
  watch: Watch;
  admit: Admit;
  /** Signs a digest with the operator key: 65 bytes. */
  sign: (digest: Hex) => Promise<Hex>;
  /** Unix milliseconds. */
  now: () => number;
  /** First epoch of which this store knows every receipt. */
  firstEpoch: bigint;
  /** Requests of one model that may wait or run at a time. */
  maxInFlight: number;
};

/** Answers one inference request. `elapsedMs` tells the milliseconds since it arrived. */
export type Serve = (name: string, raw: RawMessage, elapsedMs: () => number) => Promise<OipMessage>;

const sha256 = (bytes: Uint8Array): Hex => `0x${digestOf("sha256", bytes, "hex")}`;

/** The outputs that the manifest promises, all of them and nothing else. */
function checkOutputs({ manifest }: ServedModel, outputs: readonly Tensor[]): void {
  const names = manifest.outputs.map((spec) => spec.name);
  if (outputs.length === names.length && outputs.every((t) => names.includes(t.name))) return;
  const have = outputs.map((t) => t.name).join(", ");
  throw new SuretyError("PROVIDER_BAD_BACKEND", `the backend gave outputs ${have}; needs ${names.join(", ")}`);
}

/** How the client wants which outputs; refuses names that the model does not have. */
function wanted({ manifest }: ServedModel, request: InferRequest): Map<string, boolean> {
  const all = manifest.outputs.map((spec) => spec.name);
  const asked = request.outputs ?? all.map((name) => ({ name, binary: request.binaryOutput }));
  const unknown = asked.find(({ name }) => !all.includes(name));
  if (unknown === undefined) return new Map(asked.map(({ name, binary }) => [name, binary]));
  const message = `there is no output "${unknown.name.slice(0, 60)}", the model has ${all.join(", ")}`;
  throw new SuretyError("OIP_MALFORMED", message);
}

const tooLarge = (have: number, limit: number): SuretyError =>
  new SuretyError(
    "PROVIDER_TOO_LARGE",
    `inputs and outputs have ${have} bytes together, the model opens at most ${limit}: send fewer rows`,
  );

/**
 * The way of one inference: decode, check against the manifest, admit, see who asks, run, number and store, sign, answer
 * (docs/protocol.md section 5). A client's signature is looked at last before the run: what is refused costs no recovery.
 * The receipt covers all outputs of the model, also when the client asks for some of them,
 * because that is what verifiers re-run.
 */
export function createServe(options: ServeOptions): Serve {
  const { identity, models, numbering, keys, watch, admit, sign, now, maxInFlight } = options;
  const { clock, provider } = identity;
  const hash = createReceiptHasher(options.domain);
  const signed = createSignedRequests({ domain: options.domain, provider, now });
  const inFlight = new Map<Hex, { requests: number; units: bigint }>();
  const load = (modelId: Hex) => {
    const found = inFlight.get(modelId) ?? { requests: 0, units: 0n };
    inFlight.set(modelId, found);
    return found;
  };

  const inFlightWhile = async <T>(modelId: Hex, rows: number, run: () => Promise<T>): Promise<T> => {
    const running = load(modelId);
    running.requests += 1;
    running.units += BigInt(rows);
    try {
      return await run();
    } finally {
      running.requests -= 1;
      running.units -= BigInt(rows);
    }
  };

  /** Units that the promise for `epoch` covers. */
  const capOf = (modelId: Hex, epoch: bigint): bigint => {
    if (epoch < options.firstEpoch) {
      throw notReady(
        `the store is new and may not know all receipts of epoch ${epoch}; epoch ${options.firstEpoch} will do`,
      );
    }
    const terms = watch.promise(modelId, epoch);
    if (terms === undefined) throw notReady(`the promise for epoch ${epoch} has not been read yet`);
    if (terms === null) throw notReady(`this provider promises nothing for epoch ${epoch}`);
    return terms.capacity * clock.length;
  };
  const present = () => {
    const problem = watch.problem();
    if (problem !== null) throw notReady(problem);
    const atMs = now();
    const epoch = epochAt(clock, BigInt(Math.floor(atMs / 1000)));
    return { atMs, epoch, slot: slotAt(clock, epoch, BigInt(atMs)) };
  };

  const admitOrRefuse = ({ modelId, manifest }: ServedModel, rows: number): void => {
    const { atMs, epoch, slot } = present();
    const cap = capOf(modelId, epoch);
    const running = load(modelId);
    if (running.requests >= maxInFlight) throw atCapacity(`${maxInFlight} requests are waiting`);
    if (numbering.used(modelId, epoch).units + running.units + BigInt(rows) > cap) {
      throw atCapacity(`epoch ${epoch} holds ${cap} promised units`);
    }
    if (admit({ modelId, model: manifest.name, epoch, slot, units: rows, atMs }) !== true)
      throw atCapacity("shedding load");
  };

  /** Numbers and stores the receipt; the epoch is that of this moment, whenever the request came. */
  const enter = async (
    model: ServedModel,
    served: { client: Address; inputHash: Hex; inputs: Uint8Array; outputs: Uint8Array; rows: number },
    elapsedMs: () => number,
  ): Promise<StoredReceipt & { digest: Hex }> => {
    const { modelId } = model;
    const { client, inputHash, inputs, outputs, rows } = served;
    const outputHash = sha256(outputs);
    const { atMs, epoch, slot } = present();
    let digest: Hex = "0x";
    const stored = await numbering.enter(modelId, epoch, rows, capOf(modelId, epoch), (seq) => {
      const receipt: Receipt = {
        provider,
        modelId,
        epoch,
        seq,
        slot,
        client,
        inputHash,
        outputHash,
        units: rows,
        servedAtMs: BigInt(atMs),
        latencyMs: Math.max(0, Math.round(elapsedMs())),
      };
      const hashes = hash(receipt, keys.salt(modelId, epoch, seq));
      digest = hashes.digest;
      return { receipt, sealed: hashes.sealed, leaf: hashes.leaf, inputs, outputs };
    });
    return { ...stored, digest };
  };

  return async (name, raw, elapsedMs) => {
    const loaded = models.get(name);
    if (loaded === undefined) throw unknownModel(name);
    const { model, backend } = loaded;
    const { manifest, modelId } = model;
    const request = decodeInferRequest(raw, { ...OIP_LIMITS, bodyBytes: bodyLimit(model) });
    const formats = wanted(model, request);
    const claim = requestClaimOf(request.parameters);
    if (claim !== null) signed.checkTime(claim);
    const problem = domainProblem(manifest, request.inputs);
    if (problem !== null) throw new SuretyError("PROVIDER_OUTSIDE_DOMAIN", problem);
    const rows = units(manifest, request.inputs);
    const inputs = encodeTensors(request.inputs);
    if (inputs.length > manifest.maxOpenBytes) throw tooLarge(inputs.length, manifest.maxOpenBytes);
    admitOrRefuse(model, rows);

    const inputHash = sha256(inputs);
    const asking = claim === null ? null : await signed.take(claim, { modelId, inputHash });
    /** Runs, and numbers what can be sent: once it is numbered, the request has been answered. */
    const answer = async () => {
      const tensors = await inFlightWhile(modelId, rows, () => backend.run(request.inputs));
      checkOutputs(model, tensors);
      const outputs = encodeTensors(tensors);
      const opened = inputs.length + outputs.length;
      if (opened > manifest.maxOpenBytes) throw tooLarge(opened, manifest.maxOpenBytes);
      // Before the receipt: what cannot be sent must not be signed for.
      const encoded = encodeOutputs(
        tensors.filter((t) => formats.has(t.name)),
        (output) => formats.get(output) === true,
      );
      const client = asking?.client ?? zeroAddress;
      const served = { client, inputHash, inputs, outputs, rows };
      return { encoded, ...(await enter(model, served, elapsedMs)) };
    };
    const { encoded, receipt, digest } = await answer().catch((error: unknown) => {
      asking?.release();
      throw error;
    });
    const parameters = receiptParameters(receipt, await sign(digest));
    const echo = request.id === undefined ? {} : { id: request.id };
    return joinInferResponse({ modelName: manifest.name, ...echo, parameters }, encoded);
  };
}

/** Most bytes of a request for a model: its largest opening as JSON numbers of 32 characters per element, and a header. */
export const bodyLimit = ({ manifest }: ServedModel): number => 16_384 + 32 * manifest.maxOpenBytes;
