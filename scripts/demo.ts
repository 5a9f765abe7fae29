// Surety at work on a local chain: three providers, thirteen verifiers, a court, real models and data, a dapp that decides by the record.
// Ends with exit code 0 only if everything it says happened.
import { SuretyError } from "@surety/protocol";
import { parseOptions } from "./demo/options.ts";
import { runDemo } from "./demo/run.ts";

let code = 1;
try {
  code = (await runDemo(parseOptions(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof SuretyError ? `${error.code}: ${error.message}` : error);
}
// Whatever is still open, a connection or a timer, belongs to what has ended.
process.exit(code);
