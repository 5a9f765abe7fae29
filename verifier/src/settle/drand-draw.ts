import type { Http } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { type DrandNetwork, drandRoundAt, drandSignature, isDrandSigned, quicknet } from "@surety/protocol/drand";
import type { Hex } from "viem";
import type { DrawCall } from "../ports.ts";

/** Where rounds come from. */
export type DrandOptions = {
  http: Http;
  /** Base addresses of drand's HTTP API; none is trusted, the first right answer of any is taken. */
  urls: readonly string[];
  /** Default: quicknet. */
  network?: DrandNetwork;
};

const DEADLINE_MS = 8_000;
const MAX_BYTES = 4_096;

/** Draws from the first drand round at or after the seed time. */
export function createDrandDraw({ http, urls, network = quicknet }: DrandOptions): DrawCall {
  /** The signature of a round as one relay tells it, checked under the network's key. */
  const ask = async (base: string, round: bigint): Promise<Hex> => {
    const url = `${base.replace(/\/+$/, "")}/${network.chainHash}/public/${round}`;
    const { status, body } = await http.request({ url, deadlineMs: DEADLINE_MS, maxBytes: MAX_BYTES });
    const signature = status === 200 ? signatureIn(body) : undefined;
    if (signature && isDrandSigned(network, { round, signature })) return signature;
    const what = status === 200 ? "no signature of it" : `status ${status}`;
    throw new SuretyError("DRAND_BAD_ANSWER", `${url}: expected drand round ${round}, got ${what}`);
  };

  const fetchSignature = async (round: bigint): Promise<Hex> => {
    try {
      return await Promise.any(urls.map((url) => ask(url, round)));
    } catch (error) {
      const reasons = (error as AggregateError).errors.map((one) => (one instanceof Error ? one.message : String(one)));
      const message = `no relay gave drand round ${round}; it is asked for again: ${reasons.join("; ")}`;
      throw new SuretyError("DRAND_UNREACHABLE", message, { retryable: true, details: { round, reasons } });
    }
  };

  return async (epoch, seedTime, head) => {
    const { round, publishedAt } = drandRoundAt(network, seedTime);
    if (head.timestamp < publishedAt) {
      const message = `block ${head.number} is before second ${publishedAt} of drand round ${round}: wait for the next`;
      throw new SuretyError("DRAND_TOO_EARLY", message, { retryable: true });
    }
    return {
      key: `draw epoch ${epoch} from drand round ${round}`,
      contract: "DrandBeacon",
      functionName: "draw",
      args: [epoch, drandSignature(await fetchSignature(round))],
    };
  };
}

/** The signature in an answer of drand's API; undefined if there is none. */
function signatureIn(body: Uint8Array): Hex | undefined {
  try {
    const { signature } = JSON.parse(new TextDecoder().decode(body));
    return typeof signature === "string" ? `0x${signature.toLowerCase()}` : undefined;
  } catch {
    return undefined;
  }
}
