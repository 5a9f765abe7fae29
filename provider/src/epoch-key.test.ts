import { createHmac } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leafSalt, SuretyError } from "@surety/protocol";
import { expect } from "chai";
import { toHex } from "viem";
import { openEpochKeys } from "./epoch-key.ts";
import { PROVIDER } from "./testing/harness.ts";
import { MODEL, OTHER } from "./testing/rows.ts";

describe("epoch keys", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "surety-keys-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("come from one secret file of mode 0600, the same after a restart, different for each provider, model and epoch", () => {
    const path = join(directory, "epoch-secret");
    const keys = openEpochKeys(path, PROVIDER);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    const again = openEpochKeys(path, PROVIDER);
    expect(again.key(MODEL, 3n)).to.deep.equal(keys.key(MODEL, 3n));
    expect(again.fingerprint).to.equal(keys.fingerprint);
    const secret = Buffer.from(readFileSync(path, "utf8").trim(), "hex");
    const expected = createHmac("sha256", secret).update(`${PROVIDER}|${MODEL}|3`).digest();
    expect(keys.key(MODEL, 3n)).to.deep.equal(expected);
    const others = [
      keys.key(OTHER, 3n),
      keys.key(MODEL, 4n),
      openEpochKeys(path, `0x${"01".repeat(20)}`).key(MODEL, 3n),
    ];
    expect(new Set([expected, ...others].map(String)).size).to.equal(4);
    expect(openEpochKeys(join(directory, "other"), PROVIDER).fingerprint).not.to.equal(keys.fingerprint);
    expect(keys.fingerprint).not.to.equal(readFileSync(path, "utf8").slice(0, 16));
  });

  it("salt leaves as the protocol says, also when models and epochs alternate", () => {
    const keys = openEpochKeys(join(directory, "epoch-secret"), PROVIDER);
    for (const [modelId, epoch, seq] of [
      [MODEL, 1n, 0],
      [OTHER, 1n, 0],
      [MODEL, 2n, 2 ** 32 - 1],
      [MODEL, 1n, 0],
    ] as const) {
      expect(toHex(keys.salt(modelId, epoch, seq))).to.equal(leafSalt(toHex(keys.key(modelId, epoch)), seq));
    }
  });

  it("refuse a file that others may read or that holds something else", () => {
    const path = join(directory, "epoch-secret");
    writeFileSync(path, "short", { mode: 0o600 });
    expect(() => openEpochKeys(path, PROVIDER)).to.throw(SuretyError, /needs 64 hex digits/);
    chmodSync(path, 0o644);
    expect(() => openEpochKeys(path, PROVIDER)).to.throw(SuretyError, /0600/);
  });
});
