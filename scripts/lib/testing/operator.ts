import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import type { Main } from "../program.ts";
import { devKeys, serveChain } from "./chain.ts";
import { type Ran, run } from "./run.ts";

/** A person with a key who runs programs against the chain. */
export type Operator = {
  address: Address;
  env: Record<string, string>;
  /** Runs a program with `--json`; an exit code above 0 fails the test with what was printed. */
  ok(main: Main, ...argv: string[]): Promise<Ran["json"]>;
  /** Runs a program that must refuse: with exit code 1, an error of this code, and nothing sent. Returns its message. */
  refused(main: Main, code: string, ...argv: string[]): Promise<string>;
};

/** A served chain, a folder for deployments, and operators with the development accounts. */
export async function createStage(options: { hardfork?: string } = {}) {
  const chain = await serveChain(options);
  const folder = mkdtempSync(join(tmpdir(), "surety-operators-"));
  const addresses = devKeys.map((key) => privateKeyToAddress(key));

  /** What any transaction of an operator would change. */
  const footprint = async () =>
    JSON.stringify(
      await Promise.all(
        addresses.map(async (address) => [
          await chain.client.getTransactionCount({ address }),
          String(await chain.client.getBalance({ address })),
        ]),
      ),
    );

  function operator(index: number): Operator {
    const env = {
      SURETY_RPC_URLS: chain.url,
      SURETY_CHAIN_ID: "31337",
      SURETY_DEPLOYMENTS: join(folder, "deployments"),
      SURETY_DEV_KEY: devKeys[index] ?? "",
      SURETY_LOG_LEVEL: "silent",
    };
    return {
      address: addresses[index]!,
      env,
      async ok(main, ...argv) {
        const ran = await run(main, env, ...argv, "--json");
        if (ran.code !== 0) throw new Error(`${argv.join(" ")} failed: ${ran.stdout}${ran.stderr}`);
        return ran.json;
      },
      async refused(main, code, ...argv) {
        const before = await footprint();
        const { json, stdout, ...ran } = await run(main, env, ...argv, "--json");
        const text = `${argv.join(" ")}: ${stdout}${ran.stderr}`;
        if (ran.code !== 1 || json?.error?.code !== code) throw new Error(`expected ${code} from ${text}`);
        if (json.calls.length > 0 || (await footprint()) !== before) throw new Error(`something was sent by ${text}`);
        return json.error.message;
      },
    };
  }

  return {
    chain,
    folder,
    operators: devKeys.map((_, index) => operator(index)),
    footprint,
    async close() {
      await chain.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the tests play on. */
export type Stage = Awaited<ReturnType<typeof createStage>>;
