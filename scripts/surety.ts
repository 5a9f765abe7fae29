// The surety command: the tools and, below it, the operators' programs.
import { Command, CommanderError } from "commander";
import { checkCommand } from "./lib/commands/check.ts";
import { planCommand } from "./lib/commands/plan.ts";
import { createMain, type Main } from "./lib/program.ts";
import { EXIT, type ToolSpec } from "./lib/tool.ts";

const tool = (name: string, about: string, command: ToolSpec) => ({
  name,
  about,
  main: createMain({ name: `surety ${name}`, about, commands: [command] }),
});

const operators = (name: string, about: string, load: () => Promise<{ main: Main }>) => ({
  name,
  about,
  main: async (...given: Parameters<Main>) => (await load()).main(...given),
});

const programs: { name: string; about: string; main: Main }[] = [
  tool("check", "Says whether a response is a model's.", checkCommand),
  tool("plan", "Says how soon sampling finds a provider that cheats.", planCommand),
  operators("infer", "Asks for an inference and keeps its receipt.", () => import("./infer.ts")),
  operators("model", "Calibrates and registers models.", () => import("./model.ts")),
  operators("provider", "What a provider does on chain, serving apart.", () => import("./provider.ts")),
  operators("verifier", "What a verifier does on chain, its service apart.", () => import("./verifier.ts")),
  operators("rewards", "Funds epochs, sweeps what is left.", () => import("./rewards.ts")),
  operators("court", "Demands and cases, for clients and anybody.", () => import("./court.ts")),
  operators("key", "Makes encrypted key files.", () => import("./key.ts")),
  operators("deploy", "Deploys all contracts.", () => import("./deploy.ts")),
  operators("mint", "Creates test tokens on development chains.", () => import("./mint.ts")),
];

/** The program as a function, for tests and other programs. */
export const main: Main = async (argv, env, io) => {
  let code = 0;
  const root = new Command("surety")
    .description("Checks answers against models, plans sampling, calibrates models, and runs the operators' programs.")
    .usage("<command> [options]")
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText("after", "\nExample:\n  surety check --help")
    .exitOverride((error) => {
      code = error.exitCode === 0 ? 0 : EXIT.usage;
      throw error;
    })
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) });
  for (const program of programs) {
    root
      .command(program.name)
      .description(program.about)
      // Everything behind the name is the program's own, --help too.
      .helpOption(false)
      .allowUnknownOption()
      .passThroughOptions()
      .usage("[options]")
      .argument("[args...]")
      .action(async (args: string[]) => {
        code = await program.main(args, env, io);
      });
  }
  // `surety help check` is `surety check --help`.
  const words = argv[0] === "help" ? [...argv.slice(1, 2), "--help"] : argv;
  try {
    await root.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return code;
};
