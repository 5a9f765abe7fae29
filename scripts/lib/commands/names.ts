// By path: the package itself loads the whole service.
import { providerSettings } from "../../../provider/src/config.ts";
import { scriptSettings } from "../session.ts";
import { checkCommand } from "./check.ts";
import { deployCommands } from "./deploy.ts";
import { keyCommands } from "./key.ts";
import { mintCommands } from "./mint.ts";
import { modelCommands } from "./model.ts";
import { planCommand } from "./plan.ts";
import { providerCommands } from "./provider.ts";
import { rewardsCommands } from "./rewards.ts";
import { verifierCommands } from "./verifier.ts";

const all = [
  deployCommands,
  keyCommands,
  mintCommands,
  modelCommands,
  providerCommands,
  rewardsCommands,
  verifierCommands,
  checkCommand,
  planCommand,
].flat();

/** Settings of all commands and of the provider's service: one environment may serve them all. */
export const settingNames: readonly string[] = [
  ...new Set([...all.map(({ settings }) => settings), scriptSettings, providerSettings].flatMap(Object.keys)),
];
