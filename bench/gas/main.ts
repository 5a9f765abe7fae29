// Gas of the contracts' operations as transactions on an in-process chain. Usage: npm run bench:gas -- [table ...]
// Fails if one uses more than its bar.
import { court, epoch } from "./market.ts";
import { stake } from "./stake.ts";

const tables = { stake, court, epoch };

const WIDTH = 50;

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in tables));
if (unknown.length > 0) {
  console.error(`Unknown table ${unknown.join(", ")}; there are: ${Object.keys(tables).join(", ")}.`);
  process.exit(2);
}
let over = 0;
for (const [name, table] of Object.entries(tables)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.log(`\n${name.padEnd(WIDTH)}${"gas".padStart(9)}${"bar".padStart(10)}`);
  for (const { operation, gas, bar } of await table()) {
    const missed = bar !== undefined && gas > bar;
    if (missed) over++;
    console.log(
      `${operation.padEnd(WIDTH)}${show(gas)}${bar === undefined ? "" : ` ${show(bar)}${missed ? "  over" : ""}`}`,
    );
  }
}
if (over > 0) console.error(`\n${over} over the bar`);
process.exit(over > 0 ? 1 : 0);

function show(gas: bigint): string {
  return gas.toLocaleString("en").padStart(9);
}
