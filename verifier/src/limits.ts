import { drawInputs, isaClass, ORT_VERSION, type Runtime, reproduceLimits, type StoredModel } from "@surety/inference";
import type { Store as Database } from "@surety/node-kit";
import type { Hex } from "viem";
import type { InputSource, Log, Rng } from "./ports.ts";

/** What models are tried with before a verifier judges by their profiles. */
export type LimitsCheck = {
  models: readonly StoredModel[];
  runtimes: { native: Pick<Runtime, "runMany">; wasm: Pick<Runtime, "runMany"> };
  /** Real inputs; a model without any is tried with inputs drawn from its manifest's domain. */
  inputs: InputSource;
  /** Keeps what was found, so that a model is tried once on a kind of machine. */
  database: Database;
  rng: Rng;
  log: Log;
};

// A model's id covers its profile: with the runtime and the processor it names all that the finding rests on.
const SCHEMA = `
CREATE TABLE reproduced (
  model_id TEXT NOT NULL, ort TEXT NOT NULL, isa TEXT NOT NULL, why TEXT,
  PRIMARY KEY (model_id, ort, isa)
) STRICT, WITHOUT ROWID;
`;

const fraction = (rng: Rng): number => Buffer.from(rng.bytes(6)).readUIntBE(0, 6) / 2 ** 48;

/**
 * Gives the models whose calibration this machine reproduces (docs/protocol.md section 6): a verifier abstains on the seats of
 * one whose limits are more than twice its own, or that is pinned to another runtime or instruction set. A model that could
 * not be tried is left out, too, and tried again at the next start.
 */
export async function reproducedModels(check: LimitsCheck): Promise<StoredModel[]> {
  const { models, runtimes, inputs, database, rng, log } = check;
  database.migrate("limits", [SCHEMA]);
  const isa = isaClass();

  const find = async (model: StoredModel): Promise<string | null> => {
    const { id, manifest } = model;
    const key = [id, ORT_VERSION, isa] as const;
    const known = database.db
      .prepare("SELECT why FROM reproduced WHERE model_id = ? AND ort = ? AND isa = ?")
      .get(...key);
    if (known !== undefined) return known.why as string | null;
    const draw = () => inputs(id as Hex) ?? drawInputs(manifest, () => fraction(rng));
    const why = await reproduceLimits({ model, ...runtimes, draw });
    database.db.prepare("INSERT INTO reproduced VALUES (?, ?, ?, ?)").run(...key, why);
    return why;
  };

  const kept: StoredModel[] = [];
  for (const model of models) {
    const subject = { model: model.manifest.name, modelId: model.id };
    try {
      const why = await find(model);
      if (why === null) kept.push(model);
      else log.error({ ...subject, why }, "this machine cannot judge by the model's profile: it abstains on its seats");
    } catch (err) {
      log.error({ err, ...subject }, "the model's limits could not be tried: it abstains on its seats");
    }
  }
  return kept;
}
