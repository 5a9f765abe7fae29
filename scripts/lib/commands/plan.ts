import { kind } from "@surety/node-kit";
import { checkProfile } from "@surety/protocol";
import { scriptKind } from "../kinds.ts";
import { defineTool, EXIT, usageError } from "../tool.ts";
import { rerunCost } from "../tools/detection.ts";
import { inFile, readJson } from "../tools/files.ts";
import { cheatsOf, type KnownCheat, planRows, planText } from "../tools/planning.ts";

async function knownCheats(
  path: string | undefined,
  cheat: string | undefined,
  power: number | undefined,
): Promise<KnownCheat[]> {
  if (path === undefined) {
    if (cheat !== undefined) throw usageError("--cheat names a cheat of a profile; give --profile too.");
    return [{ name: "assumed", power: power ?? 1, low: power ?? 1 }];
  }
  if (power !== undefined) throw usageError("--power is what to assume without a profile; leave out one of the two.");
  const json = await readJson(path);
  const profile = inFile(path, () => checkProfile(json));
  return inFile(path, () => cheatsOf(profile, cheat));
}

/** `surety plan`: says how soon samples find a provider that cheats, and what they cost. */
export const planCommand = defineTool({
  name: "",
  about:
    "Says how soon sampled re-runs find a provider that cheats, and what they cost. u different answers miss it with (1 - cheat share x power)^u.",
  example: "surety plan --traffic 100000 --cheat-share 10% --profile models/digits-cnn/profile.json",
  settings: {
    traffic: {
      kind: kind.integer(1, 1_000_000_000_000, 100_000),
      about: "answers per epoch of one provider and model",
    },
    cheatShare: { kind: scriptKind.share(), about: "share of the answers that are cheats" },
    profile: {
      kind: kind.path("./profile.json"),
      about: "tolerance profile, whose measured power is taken",
      optional: true,
    },
    cheat: { kind: kind.text(1, 64), about: "only this cheat of the profile", optional: true },
    power: {
      kind: scriptKind.share("95%"),
      about: "without a profile: share of cheats that a re-run calls a mismatch; default: 100%",
      optional: true,
    },
  },
  async run({ traffic, cheatShare, profile, cheat, power }) {
    const rows = planRows(traffic, cheatShare, await knownCheats(profile, cheat, power));
    const cost = [12, 24, 48].map((samples) => ({ samples, ...rerunCost(samples, traffic) }));
    return { code: EXIT.ok, json: { traffic, cheatShare, cost, plans: rows }, text: planText(rows, traffic) };
  },
});
