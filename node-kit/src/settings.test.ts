import { chmodSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { Command } from "commander";
import { commonSettings } from "./common-settings.ts";
import { kind } from "./setting-kinds.ts";
import { addOptions, defineSettings, loadSettings, type SettingProblem } from "./settings.ts";
import { testDirectory } from "./testing/directory.ts";
import { failure } from "./testing/expect.ts";

const settings = defineSettings({
  rpcUrl: { kind: kind.url("http://127.0.0.1:8545"), about: "JSON-RPC address" },
  stateDir: { kind: kind.path(), about: "state", default: "./state" },
  port: { kind: kind.port(), about: "port", optional: true },
  keep: { kind: kind.yes(), about: "leave it running", default: "false" },
  password: { kind: kind.text(1, 100), about: "password", optional: true, secret: "file" },
  devKey: { kind: kind.bytes32(), about: "plain key", optional: true, secret: "variable" },
});
const URL_OK = { SURETY_RPC_URL: "http://127.0.0.1:8545" };

/** The problems that loading these settings reports. */
async function problems(flags: Record<string, unknown>, env: Record<string, string>): Promise<SettingProblem[]> {
  const error = await failure("SETTINGS_INVALID", () => loadSettings(settings, { flags, env }));
  const found = error.details?.problems as SettingProblem[];
  for (const { setting, expected, example } of found)
    expect(error.message).to.contain(setting).and.contain(expected).and.contain(example);
  return found;
}

describe("settings", () => {
  const directory = testDirectory();
  after(() => directory.remove());

  it("takes flags before variables before defaults, as typed values", () => {
    const values = loadSettings(settings, {
      flags: { port: "9000", keep: true },
      env: { ...URL_OK, SURETY_PORT: "80" },
    });
    const port: number | undefined = values.port;
    const keep: boolean = values.keep;
    expect({ ...values, port, keep }).to.deep.equal({
      rpcUrl: "http://127.0.0.1:8545",
      stateDir: resolve("./state"),
      port: 9000,
      keep: true,
    });
  });

  it("names a missing setting by flag and variable, with what is expected and an example", async () => {
    expect(await problems({}, { SURETY_RPC_URL: "" })).to.deep.equal([
      {
        setting: "--rpc-url (SURETY_RPC_URL)",
        problem: "is missing",
        expected: "an http:// or https:// address",
        example: "http://127.0.0.1:8545",
      },
    ]);
  });

  it("reports every malformed setting at once", async () => {
    const found = await problems({ port: "70000", keep: "maybe" }, { SURETY_RPC_URL: "ws://node" });
    expect(found.map(({ setting, problem }) => `${setting} ${problem}`)).to.deep.equal([
      '--rpc-url (SURETY_RPC_URL) is "ws://node"',
      '--port (SURETY_PORT) is "70000"',
      '--keep (SURETY_KEEP) is "maybe"',
    ]);
  });

  it("refuses unknown flags and variables and suggests the nearest known one", async () => {
    const found = await problems({ prot: "1" }, { ...URL_OK, SURETY_STATEDIR: "x", SURETY_FOO_BAR_BAZ: "1" });
    expect(found.map(({ setting, example }) => [setting, example])).to.deep.equal([
      ["--prot", "--port"],
      ["SURETY_STATEDIR", "SURETY_STATE_DIR"],
      ["SURETY_FOO_BAR_BAZ", "SURETY_RPC_URL"],
    ]);
    expect(
      loadSettings(settings, { env: { ...URL_OK, SURETY_BEACON: "1", PATH: "/bin" }, others: ["beacon"] }).port,
    ).to.equal(undefined);
  });

  it("reads secrets from files of mode 0600 only, without their last newline", async () => {
    const file = directory.file("password", "pass word\n");
    const env = { ...URL_OK, SURETY_PASSWORD_FILE: file };
    expect(loadSettings(settings, { env }).password).to.equal("pass word");
    expect(loadSettings(settings, { flags: { passwordFile: file }, env: URL_OK }).password).to.equal("pass word");
    chmodSync(file, 0o604);
    const [open] = await problems({}, env);
    expect(open?.problem).to.contain("mode is 0604");
    const [missing] = await problems({}, { ...URL_OK, SURETY_PASSWORD_FILE: `${file}-none` });
    expect(missing?.problem).to.contain("cannot be read");
    const [exposed] = await problems({}, { ...URL_OK, SURETY_PASSWORD: "hunter2" });
    expect(exposed?.problem).to.contain("SURETY_PASSWORD would put the secret into the environment");
    const [flag] = await problems({ password: "hunter2" }, URL_OK);
    expect(flag).to.include({ setting: "--password", problem: "is no setting of this program", example: "--rpc-url" });
  });

  it("takes a public test key from a variable and never shows a malformed secret", async () => {
    const devKey = `0x${"ab".repeat(32)}`;
    expect(loadSettings(settings, { env: { ...URL_OK, SURETY_DEV_KEY: devKey } }).devKey).to.equal(devKey);
    const error = await failure("SETTINGS_INVALID", () =>
      loadSettings(settings, { env: { ...URL_OK, SURETY_DEV_KEY: "0xsecret" } }),
    );
    expect(error.message).to.contain("SURETY_DEV_KEY").and.not.contain("0xsecret");
    const file = directory.file("key", devKey);
    const [twice] = await problems({}, { ...URL_OK, SURETY_DEV_KEY: devKey, SURETY_DEV_KEY_FILE: file });
    expect(twice?.problem).to.contain("both SURETY_DEV_KEY and a file");
  });

  it("makes commander's options, and reads what commander parsed", () => {
    const command = addOptions(new Command("x").exitOverride(), { ...commonSettings, ...settings });
    command.parse(
      ["--rpc-urls", "http://a.test, http://b.test", "--chain-id", "31337", "--keep", "--rpc-url", "http://a.test"],
      {
        from: "user",
      },
    );
    const values = loadSettings({ ...commonSettings, ...settings }, { flags: command.opts(), env: {} });
    expect(values.rpcUrls).to.deep.equal(["http://a.test", "http://b.test"]);
    expect(values).to.include({ chainId: 31337, keep: true, logLevel: "info" });
    expect(command.helpInformation()).to.contain("--password-file <path>").and.contain("SURETY_PASSWORD_FILE");
    expect(command.helpInformation()).not.to.contain("--password <");
  });
});

describe("kinds of settings", () => {
  const accepts: [
    string,
    { schema: { safeParse(text: string): { success: boolean; data?: unknown } } },
    string,
    unknown,
  ][] = [
    ["integer", kind.integer(1, 5), "5", 5],
    ["decimal", kind.decimal(0, 1), "0.25", 0.25],
    ["whole", kind.whole(), "18446744073709551616", 18446744073709551616n],
    [
      "address",
      kind.address(),
      "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
      "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    ],
    ["amount", kind.amount(), "0.1", 10n ** 17n],
    ["amount of six decimals", kind.amount(6), "1000000.000001", 1_000_000_000_001n],
    ["choice", kind.choice("a", "b"), " b ", "b"],
    ["yes", kind.yes(), "TRUE", true],
  ];
  for (const [name, { schema }, text, value] of accepts)
    it(`reads ${name}`, () => expect(schema.safeParse(text)).to.deep.include({ success: true, data: value }));

  const refuses: [string, { schema: { safeParse(text: string): { success: boolean } } }, string[]][] = [
    ["integer", kind.integer(1, 5), ["0", "6", "1.0", "1e0", "-1", "", "0x1", "9".repeat(40)]],
    ["decimal", kind.decimal(0, 1), ["1.1", "NaN", "Infinity", "1e-1", ".5", "-0.1"]],
    [
      "address",
      kind.address(),
      ["0xf39fd6e51aad88f6f4ce6ab8827279cfffb9226", "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "vitalik.eth"],
    ],
    ["bytes32", kind.bytes32(), ["0xab", "ab".repeat(32), `0x${"zz".repeat(32)}`]],
    ["amount", kind.amount(6), ["1.0000001", "-1", "1,5", "1e18", ""]],
    ["urls", kind.urls(), ["", "http://a.test,", "a.test", "file:///etc"]],
    ["path", kind.path(), ["", "a\0b"]],
    ["text", kind.text(1, 3), ["", "abcd"]],
  ];
  for (const [name, { schema }, texts] of refuses)
    it(`refuses a wrong ${name}`, () => {
      for (const text of texts) expect(schema.safeParse(text).success, text).to.equal(false);
    });
});
