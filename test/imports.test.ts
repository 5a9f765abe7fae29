import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each package may import of the others. Imports go one way. */
const below: Record<string, string[]> = {
  protocol: [],
  sdk: ["protocol"],
  inference: ["protocol"],
  "node-kit": ["protocol", "sdk"],
  provider: ["protocol", "sdk", "inference", "node-kit"],
  verifier: ["protocol", "sdk", "inference", "node-kit"],
};

/** Packages that run in browsers too. */
const isomorphic = ["protocol", "sdk"];

const builtins = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
const notInSdk = /^(onnxruntime-|pg$|pg-boss|kysely|@electric-sql\/)/;

type Import = { file: string; from: string };

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function imports(folder: string): Import[] {
  return sources(folder).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const found = text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g);
    return [...found].map((match) => ({ file: relative(root, file), from: match[1]! }));
  });
}

const isTest = (file: string) => /\.test\.ts$|\/testing\//.test(file);

describe("imports between packages", () => {
  for (const [folder, allowed] of Object.entries(below)) {
    it(`${folder} imports ${allowed.join(", ") || "no other package"}`, () => {
      const wrong = imports(folder).filter(({ from }) => {
        const other = /^@surety\/([^/]+)/.exec(from)?.[1];
        return other !== undefined && other !== folder && !allowed.includes(other);
      });
      expect(wrong).to.deep.equal([]);
    });

    it(`${folder} reaches no other package by path`, () => {
      const wrong = imports(folder).filter(({ file, from }) => {
        if (!from.startsWith(".") || isTest(file)) return false;
        return !join(file, "..", from).startsWith(`${folder}/`);
      });
      expect(wrong).to.deep.equal([]);
    });
  }

  for (const folder of isomorphic) {
    it(`${folder} runs in browsers: no Node built-ins, runtimes or databases`, () => {
      const wrong = imports(folder).filter(
        ({ file, from }) => !isTest(file) && (builtins.has(from) || notInSdk.test(from)),
      );
      expect(wrong).to.deep.equal([]);
    });
  }
});
