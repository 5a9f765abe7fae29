import { type Log, rpc } from "@surety/node-kit";
import type { Address } from "viem";
import type { Act, CourtAccess, CourtContracts } from "./access.ts";

/** Makes the function that fetches what the court's rooms owe some accounts; anybody may push it. */
export function createClaims({ client, sender }: CourtAccess, contracts: CourtContracts, act: Act, log: Log) {
  const { demands, court, penalties } = contracts;
  const tills = { Demands: demands, DisputeCourt: court, Penalties: penalties } as const;

  return async (accounts: readonly Address[]): Promise<void> => {
    for (const [contract, { address }] of Object.entries(tills)) {
      // One interface for all tills: IPayouts.
      const till = { address, abi: penalties.abi } as const;
      for (const account of accounts) {
        const prefix = `court:claim:${contract}:${account}`;
        if (sender.pending().some((key) => key.startsWith(prefix))) continue;
        const [owed, head] = await rpc("what the court owes", () =>
          Promise.all([
            client.readContract({ ...till, functionName: "owed", args: [account] }),
            client.getBlockNumber(),
          ]),
        );
        if (owed === 0n) continue;
        await act({ key: `${prefix}:${head}`, contract, ...till, functionName: "claim", args: [account] });
        log.info({ account, contract, amount: String(owed) }, "claimed from the court");
      }
    }
  };
}
