import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { SuretyError } from "@surety/protocol";

/**
 * Refuses to replace a deployment that is written down: its addresses may be in use.
 * @throws {SuretyError} `DEPLOYMENT_EXISTS`
 */
export function refuseExisting(folder: string, chainId: number): void {
  const file = join(folder, `${chainId}.json`);
  if (!existsSync(file)) return;
  const message = `${file} exists: Surety is deployed on chain id ${chainId}. Nothing was sent. Move the file away, or replace it with --force.`;
  throw new SuretyError("DEPLOYMENT_EXISTS", message, { details: { file } });
}

/**
 * Makes sure, before contracts are paid for, that they can be written down.
 * @throws {SuretyError} `DEPLOYMENTS_UNWRITABLE`
 */
export function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const message = `The folder ${folder} cannot be written to (${(cause as NodeJS.ErrnoException).code}); name another with --deployments. Nothing was sent.`;
    throw new SuretyError("DEPLOYMENTS_UNWRITABLE", message, { cause, details: { folder } });
  }
}
