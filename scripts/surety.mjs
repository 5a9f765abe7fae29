#!/usr/bin/env node
// JavaScript, so that an older Node reads it and can be told what is needed; the program is TypeScript.
const [major] = process.versions.node.split(".").map(Number);
if (major < 24) {
  console.error(
    `surety: Node ${process.versions.node} is too old; needs 24 or newer. Install it, or run: npx --package node@24 --call "surety ..."`,
  );
  process.exitCode = 64;
} else {
  // Node's own exit code for a crash is 1, which here says "mismatch".
  process.on("uncaughtException", (error) => {
    console.error(error);
    process.exit(70);
  });
  // A reader that has seen enough (`| head`) changes no verdict.
  process.stdout.on("error", (error) => {
    if (error.code !== "EPIPE") throw error;
  });
  const { main } = await import("./surety.ts");
  process.exitCode = await main(process.argv.slice(2), process.env, process);
}
