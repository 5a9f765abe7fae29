import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Http } from "@surety/node-kit";
import { epochAt } from "@surety/protocol";
import type { Call, Clock, DrawCall, Outcome, Sender } from "../ports.ts";
import { createHeaderDraw } from "../settle/header-draw.ts";
import type { ChainEvent } from "../watch/events.ts";
import { createFacts } from "../watch/facts.ts";
import type { Watch } from "../watch/watch.ts";
import { BLOCKS_PER_SECOND, simBlock } from "./sim-blocks.ts";
import type { SimChain } from "./sim-chain.ts";
import { fromTagged, toTagged } from "./tagged-json.ts";
import { GENESIS, ME, type Pace } from "./world.ts";

/** Serves a simulated chain to another process. For tests. */
export async function serveChain(chain: SimChain): Promise<{ url: string; server: Server }> {
  const server = createServer(async (request, response) => {
    if (request.method === "GET") {
      const from = Number(new URL(request.url!, "http://x").searchParams.get("from"));
      return void response.end(toTagged(chain.events.slice(from)));
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.end(toTagged(chain.send(ME, fromTagged(Buffer.concat(chunks).toString()) as Call)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

/** The ports of a chain that {@link serveChain} serves. */
export function chainPorts(
  url: string,
  http: Http,
  clock: Clock,
  { length, windows }: Pace,
): { watch: Watch; sender: Sender; drawCall: DrawCall } {
  const epochs = { genesis: GENESIS, length };
  const facts = createFacts(epochs, windows);
  let read = 0;
  const watch: Watch = {
    epochs,
    facts: () => facts,
    chainMs: () => clock.now(),
    async poll() {
      const timestamp = BigInt(Math.floor(clock.now() / 1000));
      const { body } = await http.request({ url: `${url}?from=${read}` });
      const events = fromTagged(new TextDecoder().decode(body)) as ChainEvent[];
      read += events.length;
      for (const event of events) facts.apply(event);
      const head = { number: (timestamp - epochs.genesis) * BLOCKS_PER_SECOND, timestamp };
      return { head, seen: timestamp, epoch: epochAt(epochs, timestamp) };
    },
  };
  const send = async (call: Call): Promise<Outcome> => {
    const { body } = await http.request({ url, method: "POST", body: toTagged(call) });
    return fromTagged(new TextDecoder().decode(body)) as Outcome;
  };
  const drawCall = createHeaderDraw({ raw: async (number) => simBlock(epochs.genesis, number) });
  return { watch, sender: { send }, drawCall };
}
