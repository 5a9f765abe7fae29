import { createKeystore, kind } from "@surety/node-kit";
import { defineCommand } from "../program.ts";

const create = defineCommand({
  name: "new",
  kind: "offline",
  about: "Writes a new key to an encrypted key file (V3), which geth and cast read too.",
  example: "node scripts/key.ts new --keystore operator.json --password-file password.txt",
  settings: {
    keystore: { kind: kind.path("./operator.json"), about: "key file to write; an existing one is never replaced" },
    password: { kind: kind.text(8, 1_000), about: "password of the key file", secret: "file" },
    importKey: {
      kind: kind.bytes32(),
      about: "a private key to keep, instead of a new random one",
      optional: true,
      secret: "file",
    },
  },
  async run({ keystore, password, importKey }) {
    const { address, path } = await createKeystore(keystore, password, importKey);
    const facts = [
      { name: "address", value: address },
      { name: "file", value: path },
    ];
    return { calls: [], facts };
  },
});

/** The commands of scripts/key.ts. */
export const keyCommands = [create];
