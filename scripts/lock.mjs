// Completes package-lock.json with optional packages of other platforms that the registry at hand did not offer,
// so that `npm ci` accepts it everywhere. Usage: node scripts/lock.mjs [package-lock.json]
import { readFileSync, writeFileSync } from "node:fs";

const file = process.argv[2] ?? "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8"));
const os = [
  ["darwin", /darwin|macos/],
  ["win32", /win32|windows/],
  ["android", /android/],
  ["linux", /linux/],
];
const cpu = [
  ["arm64", /arm64|aarch64/],
  ["x64", /x64|amd64|x86_64/],
];
const pick = (table, name) => table.find(([, re]) => re.test(name))?.[0];
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = path ? `${path}/node_modules/${name}` : `node_modules/${name}`;
    if (lock.packages[nested] ?? lock.packages[`node_modules/${name}`]) continue;
    const o = pick(os, name),
      c = pick(cpu, name);
    if (!o || !c) {
      console.warn(`left out: ${name}@${version} of ${path}`);
      continue;
    }
    lock.packages[`node_modules/${name}`] = {
      version: version.replace(/^[\^~=]/, ""),
      cpu: [c],
      optional: true,
      os: [o],
      ...(name.includes("musl") && { libc: ["musl"] }),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} added`);
