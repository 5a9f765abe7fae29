import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Keystore } from "ox";
import type { Hex } from "viem";
import { createKeystore, loadAccount } from "./keys.ts";
import { testDirectory } from "./testing/directory.ts";
import { failure } from "./testing/expect.ts";

const KEY: Hex = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const PASSWORD = "correct horse";
const FAST = 1 << 12;

/** The PBKDF2 test vector of the Web3 Secret Storage definition; its password is "testpassword". */
const VECTOR = {
  crypto: {
    cipher: "aes-128-ctr",
    cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
    ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    kdf: "pbkdf2",
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: "hmac-sha256",
      salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
    },
    mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
  },
  id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  version: 3,
};

describe("keys", function () {
  this.timeout(20_000);
  const directory = testDirectory();
  const path = (name: string) => join(directory.path, name);
  after(() => directory.remove());

  it("keeps a key in an encrypted file of mode 0600 and opens it again", async () => {
    const made = await createKeystore(path("a.json"), PASSWORD, KEY, FAST);
    expect(made).to.deep.equal({ address: ADDRESS, path: path("a.json") });
    expect(statSync(path("a.json")).mode & 0o777).to.equal(0o600);
    expect(readFileSync(path("a.json"), "utf8")).not.to.contain(KEY.slice(2));
    const passwordFile = directory.file("password", `${PASSWORD}\n`);
    const account = await loadAccount({ chainId: 1, keystore: path("a.json"), passwordFile });
    expect(account.address).to.equal(ADDRESS);
    expect(await account.signMessage({ message: "x" })).to.match(/^0x[0-9a-f]{130}$/);
  });

  it("makes a new random key when none is given", async () => {
    const one = await createKeystore(path("r1.json"), PASSWORD, undefined, FAST);
    const two = await createKeystore(path("r2.json"), PASSWORD, undefined, FAST);
    expect(one.address).not.to.equal(two.address);
    expect((await loadAccount({ chainId: 1, keystore: one.path, password: PASSWORD })).address).to.equal(one.address);
  });

  it("opens what other tools write: the format's test vector, and scrypt with r = 1", async () => {
    const keystore = directory.file("vector.json", JSON.stringify(VECTOR));
    const account = await loadAccount({ chainId: 1, keystore, password: "testpassword" });
    expect(account.address).to.equal("0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b");
    const [key, options] = Keystore.scrypt({ password: PASSWORD, n: 1 << 16, p: 1 });
    const foreign = directory.file("ox.json", JSON.stringify(Keystore.encrypt(KEY, key, options)));
    expect((await loadAccount({ chainId: 1, keystore: foreign, password: PASSWORD })).address).to.equal(ADDRESS);
  });

  it("refuses a wrong password, a key file that others may read and one that is not there", async () => {
    const { path: keystore } = await createKeystore(path("b.json"), PASSWORD, KEY, FAST);
    await failure("KEYSTORE_PASSWORD", () => loadAccount({ chainId: 1, keystore, password: "wrong horse" }));
    chmodSync(keystore, 0o640);
    const open = await failure("SECRET_FILE_OPEN", () => loadAccount({ chainId: 1, keystore, password: PASSWORD }));
    expect(open.message).to.contain("mode is 0640, needed is 0600").and.contain(`chmod 600 ${keystore}`);
    chmodSync(keystore, 0o600);
    const passwordFile = directory.file("open-password", PASSWORD, 0o644);
    chmodSync(passwordFile, 0o644);
    await failure("SECRET_FILE_OPEN", () => loadAccount({ chainId: 1, keystore, passwordFile }));
    await failure("SECRET_FILE_MISSING", () =>
      loadAccount({ chainId: 1, keystore: directory.path, password: PASSWORD }),
    );
    const missing = { chainId: 1, keystore: path("none.json"), password: PASSWORD };
    expect((await failure("SECRET_FILE_MISSING", () => loadAccount(missing))).message).to.contain("none.json");
  });

  it("refuses malformed key files, also those that would take all memory", async () => {
    const scrypt = { ...VECTOR.crypto, kdf: "scrypt" };
    const bad: Record<string, unknown> = {
      "no JSON": "{",
      "another version": { ...VECTOR, version: 1 },
      "another cipher": { ...VECTOR, crypto: { ...VECTOR.crypto, cipher: "aes-256-cbc" } },
      "no hexadecimal": { ...VECTOR, crypto: { ...VECTOR.crypto, mac: "xyz" } },
      "a memory bomb": {
        ...VECTOR,
        crypto: { ...scrypt, kdfparams: { dklen: 32, n: 2 ** 30, p: 1, r: 8, salt: "ab" } },
      },
      "a foreign address": { ...VECTOR, address: "00".repeat(20) },
    };
    for (const [name, content] of Object.entries(bad)) {
      const keystore = directory.file("bad.json", typeof content === "string" ? content : JSON.stringify(content));
      const error = await failure("KEYSTORE_MALFORMED", () =>
        loadAccount({ chainId: 1, keystore, password: "testpassword" }),
      );
      expect(error.message, name).to.contain(keystore);
    }
  });

  it("takes a plain key on development chains only, and says so by name", async () => {
    for (const chainId of [31337, 1337])
      expect((await loadAccount({ chainId, devKey: KEY })).address).to.equal(ADDRESS);
    const refused = await failure("KEY_PLAIN_REFUSED", () => loadAccount({ chainId: 1, devKey: KEY }));
    expect(refused.message).to.contain("SURETY_DEV_KEY").and.contain("chain id 1:").and.contain("31337 and 1337");
    expect(refused.message).not.to.contain(KEY.slice(2, 20));
    const zero = await failure("KEY_MALFORMED", () => loadAccount({ chainId: 31337, devKey: `0x${"00".repeat(32)}` }));
    expect(zero.message).to.contain("SURETY_DEV_KEY");
  });

  it("wants exactly one source", async () => {
    expect((await failure("KEY_MISSING", () => loadAccount({ chainId: 1 }))).message).to.contain("SURETY_KEYSTORE");
    await failure("KEY_TWICE", () => loadAccount({ chainId: 31337, devKey: KEY, keystore: "x.json" }));
    const keystore = directory.file("c.json", JSON.stringify(VECTOR));
    await failure("KEY_MISSING", () => loadAccount({ chainId: 1, keystore }));
  });

  it("never overwrites a key file and refuses weak passwords and bad keys", async () => {
    const { path: keystore } = await createKeystore(path("d.json"), PASSWORD, KEY, FAST);
    const before = readFileSync(keystore, "utf8");
    await failure("KEYSTORE_EXISTS", () => createKeystore(keystore, PASSWORD, undefined, FAST));
    expect(readFileSync(keystore, "utf8")).to.equal(before);
    await failure("KEYSTORE_WEAK_PASSWORD", () => createKeystore(path("e.json"), "1234567"));
    await failure("KEY_MALFORMED", () => createKeystore(path("e.json"), PASSWORD, "0x1234"));
    await failure("KEYSTORE_UNWRITABLE", () => createKeystore(path("no/such/e.json"), PASSWORD, KEY, FAST));
  });
});
