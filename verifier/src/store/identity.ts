import type { DatabaseSync } from "node:sqlite";
import { SuretyError } from "@surety/protocol";
import type { Address } from "viem";

/** Whose work a database holds. */
export type Identity = { chainId: number; hub: Address; verifier: Address };

/** Who the database belongs to. */
export type IdentityTable = ReturnType<typeof createIdentity>;

/** Queries on the table of one row that names the owner of a database. */
export function createIdentity(db: DatabaseSync) {
  const get = (): Identity | undefined => {
    const row = db.prepare("SELECT * FROM identity").get();
    return row && { chainId: row.chain_id as number, hub: row.hub as Address, verifier: row.verifier as Address };
  };
  return {
    get,
    /**
     * Makes the database this verifier's, once.
     * @throws SuretyError STORE_OTHER_VERIFIER if it holds the work of another key, contract or chain
     */
    claim: (mine: Identity): void => {
      db.prepare("INSERT INTO identity VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING").run(
        mine.chainId,
        mine.hub,
        mine.verifier,
      );
      const found = get();
      const same = found?.chainId === mine.chainId && found.hub === mine.hub && found.verifier === mine.verifier;
      if (same) return;
      const message = `This data directory is that of verifier ${found?.verifier} on chain ${found?.chainId} (hub ${found?.hub}), not of ${mine.verifier} on chain ${mine.chainId}: use a directory of its own for each.`;
      throw new SuretyError("STORE_OTHER_VERIFIER", message, { details: { have: found, need: mine } });
    },
  };
}
