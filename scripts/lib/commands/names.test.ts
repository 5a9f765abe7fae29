import { SETTING_NAMES, type Settings } from "@surety/node-kit";
import { expect } from "chai";
import { providerSettings } from "../../../provider/src/config.ts";
import { claimSettings, startSettings, statusSettings } from "../../../verifier/src/cli/config.ts";
import { outputSettings, scriptSettings } from "../session.ts";
import { checkCommand } from "./check.ts";
import { courtCommands } from "./court.ts";
import { deployCommands } from "./deploy.ts";
import { inferCommands } from "./infer.ts";
import { keyCommands } from "./key.ts";
import { mintCommands } from "./mint.ts";
import { modelCommands } from "./model.ts";
import { planCommand } from "./plan.ts";
import { providerCommands } from "./provider.ts";
import { rewardsCommands } from "./rewards.ts";
import { verifierCommands } from "./verifier.ts";

describe("names of settings", () => {
  it("are those of every program, each once, in order", () => {
    const commands = [
      courtCommands,
      deployCommands,
      inferCommands,
      keyCommands,
      mintCommands,
      modelCommands,
      providerCommands,
      rewardsCommands,
      verifierCommands,
      checkCommand,
      planCommand,
    ].flat();
    const services: Settings[] = [providerSettings, startSettings, statusSettings, claimSettings];
    const all = [...commands.map(({ settings }) => settings), ...services, scriptSettings, outputSettings];
    expect([...new Set(all.flatMap(Object.keys))].sort()).to.deep.equal([...SETTING_NAMES]);
  });
});
