import { existsSync, writeFileSync } from "node:fs";
import { createHttp, DEV_CHAIN_IDS, kind, loadAccount } from "@surety/node-kit";
import { checkManifest, SuretyError } from "@surety/protocol";
import { saveReceipt } from "@surety/sdk";
import { isAddressEqual, zeroAddress } from "viem";
import { infer } from "../actions/infer.ts";
import { defineCommand } from "../program.ts";
import { inFile, needWritable, readJson } from "../tools/files.ts";
import { readRequest } from "../tools/messages.ts";

/** Refuses a path where something lies: a receipt that is written over is a claim that is lost. */
async function needFree(flag: string, path: string): Promise<void> {
  if (existsSync(path)) {
    throw new SuretyError("FILE_EXISTS", `${path} exists. Name another file with ${flag}; nothing was asked.`);
  }
  await needWritable(path);
}

const inferCommand = defineCommand({
  name: "",
  kind: "reads",
  about: "Asks a provider for an inference, checks answer and receipt, and keeps both.",
  example:
    "npx surety infer --provider 0x... --manifest models/digits-cnn/manifest.json --request docs/examples/digit.request.json --response answer.response --receipt receipt.json --sign",
  settings: {
    provider: { kind: kind.address(), about: "who is asked, by the address that registered" },
    manifest: { kind: kind.path("./manifest.json"), about: "the model's manifest" },
    request: {
      kind: kind.path("./a.request"),
      about: "body of an inference request, JSON or binary: its inputs are sent",
    },
    response: { kind: kind.path("./a.response"), about: "where the answer's body goes" },
    receipt: { kind: kind.path("./receipt.json"), about: "where the receipt goes, as `surety court` reads it" },
    sign: {
      kind: kind.yes(),
      about: "sign the request with your key: the receipt names you, and a fault of this answer pays you",
      default: "false",
    },
    endpoint: { kind: kind.url(), about: "the provider's base address; default: as registered", optional: true },
    allowPrivate: {
      kind: kind.yes(),
      about: "also call providers over http and in private networks; always on dev chains",
      default: "false",
    },
  },
  async run(values, session) {
    const { chainId, provider, endpoint, response, receipt: kept, keystore, password, devKey } = values;
    await needFree("--response", response);
    await needFree("--receipt", kept);
    const json = await readJson(values.manifest);
    const manifest = inFile(values.manifest, () => checkManifest(json));
    const { inputs } = await readRequest(values.request);
    const account = values.sign ? await loadAccount({ chainId, keystore, password, devKey }) : undefined;
    const context = await session.readContext();
    const isOpen = values.allowPrivate || DEV_CHAIN_IDS.includes(chainId);
    const http = createHttp({ allowHttp: isOpen, allowPrivate: isOpen });
    try {
      const answered = await infer(context, http, { provider, endpoint, account, manifest, inputs });
      const { receipt, outputs } = answered;
      // The receipt first: without the answer it is still worth something.
      writeFileSync(kept, `${saveReceipt(answered)}\n`, { flag: "wx" });
      writeFileSync(response, answered.body, { flag: "wx" });
      const { client, epoch, seq, units, latencyMs } = receipt;
      const named = isAddressEqual(client, zeroAddress) ? "nobody: the request was not signed" : client;
      const facts = [
        { name: "client", value: client, text: named },
        { name: "epoch", value: epoch },
        { name: "number", value: seq },
        { name: "units", value: units },
        { name: "latencyMs", value: latencyMs, text: `${latencyMs} ms by the provider's own clock` },
        { name: "receipt", value: kept },
        { name: "response", value: response },
      ];
      const columns = ["output", "datatype", "shape"].map((title) => ({ title }));
      const rows = outputs.map(({ name, datatype, shape }) => [name, datatype, `[${shape.join()}]`]);
      return { calls: [], facts, tables: [{ name: "outputs", columns, rows }] };
    } finally {
      await http.close();
    }
  },
});

/** The command of scripts/infer.ts. */
export const inferCommands = [inferCommand];
