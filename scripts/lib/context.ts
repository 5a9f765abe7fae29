import type { Deployment, Log } from "@surety/node-kit";
import type { Account, Address, Chain, PublicClient, Transport, WalletClient } from "viem";

/** A client that signs with one account on one chain. */
export type Wallet = WalletClient<Transport, Chain, Account>;

/** What reading needs. */
export type ReadContext = { client: PublicClient; deployment: Deployment };

/** What sending needs, before there is a deployment. */
export type Sender = {
  client: PublicClient;
  wallet: Wallet;
  log: Log;
  /** Simulate and estimate, send nothing. Default false. */
  dryRun?: boolean;
};

/** What every action takes: a chain, a deployment on it, and who signs. */
export type Context = Sender & ReadContext;

/** The address that signs. */
export const signer = ({ wallet }: Pick<Sender, "wallet">): Address => wallet.account.address;
