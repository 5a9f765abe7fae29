import { type Http, recoverSigner } from "@surety/node-kit";
import { type ModelManifest, receiptDomain, SuretyError, type Tensor } from "@surety/protocol";
import { type Answered, createInferClient, type InferClient } from "@surety/sdk";
import type { Address, LocalAccount } from "viem";
import type { ReadContext } from "../context.ts";
import { addressOf, read } from "../contracts.ts";
import { currentEpoch } from "./provider.ts";

/** Whom to ask, and who asks. */
export type InferArgs = {
  provider: Address;
  /** Base URL; default: as registered. */
  endpoint?: string | undefined;
  /** Signs the requests; default: nobody does, and receipts name nobody. */
  account?: Pick<LocalAccount, "address" | "signTypedData"> | undefined;
};

/**
 * A client of a provider as the chain knows it: its endpoint, its operator of this epoch, the domain and the clock.
 * @throws {SuretyError} `PROVIDER_UNKNOWN`.
 */
export async function openInferClient(context: ReadContext, http: Http, args: InferArgs): Promise<InferClient> {
  const { provider, account } = args;
  if (!(await read(context, "ProviderRegistry", "isProvider", [provider]))) {
    const message = `${provider} is no registered provider on chain id ${context.deployment.chainId}. Correct --provider.`;
    throw new SuretyError("PROVIDER_UNKNOWN", message, { details: { provider } });
  }
  const epoch = await currentEpoch(context);
  const [operator, [endpoint], { start, end }] = await Promise.all([
    read(context, "ProviderRegistry", "operatorAt", [provider, epoch]),
    read(context, "ProviderRegistry", "endpointOf", [provider]),
    read(context, "EpochClock", "times", [0n]),
  ]);
  const { chainId } = context.deployment;
  return createInferClient({
    endpoint: args.endpoint ?? endpoint,
    provider,
    operator,
    domain: receiptDomain({ chainId, receiptLog: addressOf(context, "ReceiptLog") }),
    clock: { genesis: start, length: end - start },
    account,
    recover: recoverSigner,
    post: (url, { headers, body }) => http.request({ url, method: "POST", headers, body }),
  });
}

/** Asks once. @throws {SuretyError} as `InferClient.infer`, and those of {@link openInferClient} */
export async function infer(
  context: ReadContext,
  http: Http,
  args: InferArgs & { manifest: ModelManifest; inputs: Tensor[] },
): Promise<Answered> {
  const client = await openInferClient(context, http, args);
  return client.infer(args.manifest, args.inputs);
}
