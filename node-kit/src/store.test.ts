import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openStore } from "./store.ts";
import { testDirectory } from "./testing/directory.ts";
import { failure } from "./testing/expect.ts";
import { runProgram } from "./testing/program.ts";

const TABLE = "CREATE TABLE rows (n INTEGER PRIMARY KEY) STRICT";
const HOLD = `
  import { openStore } from "./store.ts";
  const store = openStore({ directory: values.directory, migrations: ["${TABLE}"] });
  console.log("open");
  setInterval(() => {}, 1000);`;

describe("store", function () {
  this.timeout(20_000);
  const directory = testDirectory();
  after(() => directory.remove());
  const at = (name: string) => join(directory.path, name);
  const count = (store: ReturnType<typeof openStore>) => store.db.prepare("SELECT count(*) AS n FROM rows").get()?.n;

  it("keeps what a transaction wrote, and nothing of one that failed", () => {
    const store = openStore({ directory: at("a"), migrations: [TABLE] });
    const insert = store.db.prepare("INSERT INTO rows VALUES (?)");
    expect(store.transaction(() => insert.run(1).changes)).to.equal(1);
    const failing = () =>
      store.transaction(() => {
        insert.run(2);
        insert.run(1);
      });
    expect(failing).to.throw("UNIQUE");
    expect(() => store.transaction(() => Promise.resolve(insert.run(3)))).to.throw(TypeError, "synchronous");
    expect(count(store)).to.equal(1);
    store.transaction(() => {
      insert.run(4);
      expect(() => store.transaction(() => insert.run(4))).to.throw("UNIQUE");
      store.transaction(() => insert.run(5));
    });
    expect(count(store)).to.equal(3);
    store.close();
    const again = openStore({ directory: at("a"), migrations: [TABLE] });
    expect(count(again)).to.equal(3);
    expect(again.db.prepare("PRAGMA synchronous").get()?.synchronous).to.equal(2);
    expect(again.db.prepare("PRAGMA journal_mode").get()?.journal_mode).to.equal("wal");
    again.close();
  });

  it("does only the steps that are missing, each part its own, and takes back one that fails", async () => {
    const open = (migrations: string[]) => openStore({ directory: at("b"), migrations });
    open([TABLE]).close();
    const store = open([TABLE, "ALTER TABLE rows ADD COLUMN note TEXT"]);
    store.migrate("other", ["CREATE TABLE other (x TEXT) STRICT"]);
    store.db.exec("INSERT INTO rows VALUES (1, 'x')");
    const half = ["CREATE TABLE other (x TEXT) STRICT", "CREATE TABLE third (x TEXT) STRICT; SELECT nonsense"];
    const error = await failure("STORE_MIGRATION", () => store.migrate("other", half));
    expect(error.message).to.contain("step 1 of other");
    expect(() => store.db.prepare("SELECT * FROM third")).to.throw("no such table");
    store.close();
  });

  it("refuses a database of a newer or another program, naming both versions", async () => {
    openStore({ directory: at("c"), migrations: [TABLE, "CREATE TABLE more (x TEXT) STRICT"] }).close();
    const newer = await failure("STORE_NEWER", () => openStore({ directory: at("c"), migrations: [TABLE] }));
    expect(newer.message).to.contain("step 2, this version knows 1");
    await failure("STORE_CHANGED", () => openStore({ directory: at("c"), migrations: [`${TABLE} `, "x"] }));
    openStore({ directory: at("c"), migrations: [TABLE, "CREATE TABLE more (x TEXT) STRICT"] }).close();
  });

  it("says when the file is damaged or the directory cannot be used", async () => {
    openStore({ directory: at("d") }).close();
    writeFileSync(
      join(at("d"), "state.sqlite"),
      "this is not a database, and long enough to be taken for a header".repeat(20),
    );
    await failure("STORE_DAMAGED", () => openStore({ directory: at("d") }));
    writeFileSync(at("file"), "");
    await failure("STORE_UNWRITABLE", () => openStore({ directory: at("file") }));
  });

  it("is refused to a second opener, in this process and in another, until the first has gone", async () => {
    const store = openStore({ directory: at("e"), migrations: [TABLE] });
    const error = await failure("STORE_IN_USE", () => openStore({ directory: at("e") }));
    expect(error.message).to.contain(`process ${process.pid} since`);
    store.close();
    const program = runProgram(HOLD, { directory: at("e") });
    await program.printed("open");
    const other = await failure("STORE_IN_USE", () => openStore({ directory: at("e"), migrations: [TABLE] }));
    expect(other.message).to.contain(`process ${program.child.pid} since`);
    await program.kill();
    openStore({ directory: at("e"), migrations: [TABLE] }).close();
  });
});
