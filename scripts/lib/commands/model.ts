import { kind } from "@surety/node-kit";
import { readModels, registerModels } from "../actions/model.ts";
import { defineCommand } from "../program.ts";
import { calibrateCommand } from "./calibrate.ts";

const registerCommand = defineCommand({
  name: "register",
  about: "Registers models from their folders, after checking that all hashes fit.",
  example:
    "node scripts/model.ts register --models models/eth-spot-tcn --uri https://models.example/{name}/manifest.json",
  settings: {
    models: {
      kind: kind.path("./models"),
      about: "a model's folder (model.onnx, manifest.json, profile.json), or a folder of such",
      default: "./models",
    },
    uri: {
      kind: kind.text(1, 256),
      about: "where the manifest can be fetched; {name} and {id} stand for the model's",
      optional: true,
    },
  },
  async run({ models: path, uri }, session) {
    const stored = await readModels(path);
    const { calls, models } = await registerModels(await session.context(), { models: stored, uri });
    const rows = models.map(({ id, name, already }) => [name, id, already ? "was registered" : "new"]);
    const columns = [{ title: "name" }, { title: "id" }, { title: "state" }];
    return { calls, facts: [], tables: [{ name: "models", columns, rows }] };
  },
});

/** The commands of scripts/model.ts. */
export const modelCommands = [calibrateCommand, registerCommand];
