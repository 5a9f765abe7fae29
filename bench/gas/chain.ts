import { ethers as lib } from "ethers";
import { network } from "hardhat";

/** One line of the table: what a transaction used, all of it with the 21,000 that every transaction pays. */
export type Row = { operation: string; gas: bigint; bar?: bigint };

/** Sends the transaction that `call` prepares and waits until it is mined. */
export type Sent = Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>;

const { ethers, networkHelpers } = await network.create();

/** Accounts with ether, the deployer first. */
export const signers = await ethers.getSigners();

/** Deploys a compiled contract from the first account. */
export const deploy = (name: string, ...args: unknown[]) => ethers.deployContract(name, args);

/** Moves the chain's time. */
export const time = networkHelpers.time;

/** A function's selector. */
export const selector = (signature: string) => lib.id(signature).slice(0, 10);

/** Notes transactions for a table. */
export class Meter {
  readonly rows: Row[] = [];

  /** @param bar The most it may use; none: only printed. */
  async measure(operation: string, sent: Sent, bar?: bigint): Promise<void> {
    const receipt = await (await sent).wait();
    if (receipt === null) throw new Error(`${operation} was not mined`);
    this.rows.push({ operation, gas: receipt.gasUsed, ...(bar === undefined ? {} : { bar }) });
  }
}
