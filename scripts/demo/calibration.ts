import { createHttp, recoverSigner } from "@surety/node-kit";
import { receiptDomain, recoverReceiptSigner } from "@surety/protocol";
import { decodeInferResponse, encodeInferRequest, HEADER_LENGTH, receiptOf } from "@surety/sdk";
import { loadInputs, MODEL_NAMES } from "../../models/inputs.ts";
import type { CalibrationConfig } from "./calibration-provider.ts";
import type { Children } from "./children.ts";
import { processorTime } from "./processor-time.ts";
import { EPOCH_LENGTH } from "./terms.ts";

/** How fast the demo goes on this machine. */
export type Pace = {
  /** Probes per epoch that the promise's target needs. */
  probes: 64 | 32;
  /** Clients' requests per second to each provider's each model. */
  rate: number;
  summary: string;
};

/** Requests measured for each model, after as many that warm it up. */
const REQUESTS = 80;
/** Processor time that probes and clients may take together, cores: verifiers, juries and the chain need the rest of two. */
const SHARE = 0.3;
/** Records of the demo: three providers, three models. */
const RECORDS = 9;
/** Seats of a probe committee, each with a third of the probes, rounded up. */
const SEATS = 5;
/** Least and most requests per second to one record. */
const LEAST_RATE = 3;
const MOST_RATE = 12;

/**
 * Measures what one request costs, client, sidecar and model together, and sizes the demo's traffic by it: probes and
 * clients take at most a third of a core, unless that is too little for the least traffic.
 */
export async function calibrate(children: Children, config: CalibrationConfig): Promise<Pace> {
  const module = new URL("./calibration-provider.ts", import.meta.url);
  const child = await children.start<{ url: string; readyAt: number }>("calibration", module, config);
  const { url, readyAt } = child.ready;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, readyAt + 100 - Date.now())));
  const http = createHttp({ allowHttp: true, allowPrivate: true, timeoutMs: 10_000 });
  const domain = receiptDomain({ chainId: 31337n, receiptLog: "0x0000000000000000000000000000000000000001" });

  const inputs = new Map(MODEL_NAMES.map((model) => [model, loadInputs(model)]));
  const ask = async (model: string, index: number) => {
    const source = inputs.get(model)!;
    const message = encodeInferRequest({ inputs: source.at(index % source.count), binaryOutput: true });
    const answer = await http.request({
      url: `${url}/v2/models/${model}/infer`,
      method: "POST",
      headers: message.headers,
      body: message.body,
    });
    if (answer.status !== 200)
      throw new Error(`calibration: ${answer.status} ${new TextDecoder().decode(answer.body)}`);
    const { parameters } = decodeInferResponse({ body: answer.body, headerLength: answer.headers[HEADER_LENGTH] });
    const { receipt, signature } = receiptOf(parameters)!;
    await recoverReceiptSigner(domain, receipt, signature, recoverSigner);
  };
  const round = () =>
    Promise.all(MODEL_NAMES.flatMap((model) => Array.from({ length: REQUESTS }, (_, i) => ask(model, i))));
  await round();
  const before = processorTime([process.pid, child.pid]);
  await round();
  const spent = processorTime([process.pid, child.pid]) - before;
  await http.close();
  await child.stop();
  return paceFor(spent / (REQUESTS * MODEL_NAMES.length));
}

/** The traffic that this share of a core carries when a request costs `ms` milliseconds. */
export function paceFor(ms: number): Pace {
  const affordable = (SHARE * 1000) / ms;
  const probing = (probes: 64 | 32) => (RECORDS * SEATS * Math.ceil(probes / 3)) / Number(EPOCH_LENGTH);
  // Clients have to be heard beside the probes: without at least as many of them the peak would not show in the logs.
  const probes = affordable >= 2 * probing(64) ? 64 : 32;
  const rate = Math.min(MOST_RATE, Math.max(LEAST_RATE, (affordable - probing(probes)) / RECORDS));
  const total = probing(probes) + rate * RECORDS;
  const cores = ((total * ms) / 1000).toFixed(2);
  return {
    probes,
    rate,
    summary: `a request costs ${ms.toFixed(2)} ms here: ${probing(probes).toFixed(0)} probes and ${(rate * RECORDS).toFixed(0)} client requests per second, ${cores} of a core`,
  };
}
