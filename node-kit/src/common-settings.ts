import { kind } from "./setting-kinds.ts";
import { defineSettings } from "./settings.ts";

/** Settings that every program that talks to a chain shares; spread them into its own table. */
export const commonSettings = defineSettings({
  rpcUrls: { kind: kind.urls("http://127.0.0.1:8545"), about: "JSON-RPC addresses, the preferred one first" },
  chainId: { kind: kind.chainId(), about: "chain id; a node of another chain is refused" },
  deployments: { kind: kind.path("./deployments"), about: "folder of <chainId>.json", default: "./deployments" },
  keystore: { kind: kind.path("./operator.json"), about: "encrypted key file (V3, mode 0600)", optional: true },
  password: { kind: kind.text(1, 1_000), about: "password of the key file", optional: true, secret: "file" },
  devKey: {
    kind: kind.bytes32(),
    about: "plain private key, on chain ids 31337 and 1337 only",
    optional: true,
    secret: "variable",
  },
  logLevel: {
    kind: kind.choice("info", "trace", "debug", "warn", "error", "fatal", "silent"),
    about: "least level that is logged",
    default: "info",
  },
  logFormat: { kind: kind.choice("auto", "json", "pretty"), about: "form of the log", default: "auto" },
});
