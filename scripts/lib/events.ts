import { type AbiEvent, type ContractEventName, type GetEventArgs, type Log, parseEventLogs } from "viem";
import type { ReadContext } from "./context.ts";
import { type AbiOf, abis, addressOf, type Callable } from "./contracts.ts";

/** Most blocks that one question covers. A node that refuses so many is asked for fewer. */
const SPAN = 10_000n;

/** Events of a contract. */
type EventName<N extends Callable> = ContractEventName<AbiOf<N>>;
/** All arguments of an event. */
type EventArgs<N extends Callable, E extends EventName<N>> = GetEventArgs<
  AbiOf<N>,
  E,
  { EnableUnion: false; IndexedOnly: false; Required: true }
>;

/** The arguments of every event of one kind since the deployment, in order. `filter` names indexed arguments. */
export async function findEvents<N extends Callable, E extends EventName<N>>(
  context: ReadContext,
  contract: N,
  eventName: E,
  filter: Partial<EventArgs<N, E>>,
): Promise<EventArgs<N, E>[]> {
  const event = (abis[contract] as readonly AbiEvent[]).find(
    (item) => item.type === "event" && item.name === eventName,
  );
  if (!event) throw new RangeError(`${contract} has no event ${eventName}`);
  const query = { address: addressOf(context, contract), event, args: filter as Record<string, unknown>, strict: true };
  const latest = await context.client.getBlockNumber();
  const found: EventArgs<N, E>[] = [];
  let span = SPAN;
  for (let fromBlock = context.deployment.startBlock; fromBlock <= latest; ) {
    const end = fromBlock + span - 1n;
    const toBlock = end < latest ? end : latest;
    try {
      const logs = await context.client.getLogs({ ...query, fromBlock, toBlock });
      found.push(...logs.map((log) => log.args as EventArgs<N, E>));
      fromBlock = toBlock + 1n;
    } catch (error) {
      if (span < 100n) throw error;
      span /= 4n;
    }
  }
  return found;
}

/** The arguments of the events of one kind among the logs of transactions. */
export function eventsIn<N extends Callable, E extends EventName<N>>(
  context: Pick<ReadContext, "deployment">,
  contract: N,
  eventName: E,
  sent: readonly { logs: Log[] }[],
): EventArgs<N, E>[] {
  const address = addressOf(context, contract).toLowerCase();
  const logs = sent.flatMap((one) => one.logs).filter((log) => log.address.toLowerCase() === address);
  const parsed = parseEventLogs({ abi: abis[contract] as readonly AbiEvent[], eventName: eventName as string, logs });
  return parsed.map((log) => log.args as unknown as EventArgs<N, E>);
}
