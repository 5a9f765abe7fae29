import { expect } from "chai";
import { createHttp, type Http, type HttpOptions, readJson } from "./http.ts";
import { failure } from "./testing/expect.ts";
import { serveHttp, serveRaw, type TestServer } from "./testing/servers.ts";

const LOOPBACK: HttpOptions = { allowHttp: true, allowPrivate: true, maxBytes: 10_000, timeoutMs: 400 };

describe("guarded HTTP client", function () {
  this.timeout(20_000);

  const open: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(thing: T): T => {
    open.push(thing);
    return thing;
  };
  const client = (options: HttpOptions = LOOPBACK): Http => keep(createHttp(options));
  const plain = async (...args: Parameters<typeof serveHttp>) => keep(await serveHttp(...args));
  const raw = async (...args: Parameters<typeof serveRaw>) => keep(await serveRaw(...args));
  afterEach(async () => {
    await Promise.all(open.splice(0).map((thing) => thing.close()));
  });

  /** Fails with `code` in less than `within` ms. */
  async function failsWith(code: string, server: TestServer, within: number, options = LOOPBACK, deadlineMs = 800) {
    const started = performance.now();
    const error = await failure(code, () => client(options).request({ url: `${server.url}/x`, deadlineMs }));
    expect(performance.now() - started).to.be.below(within);
    return error;
  }

  it("sends bytes and returns status, headers, bytes and time; 4xx and 5xx are answers", async () => {
    const server = await plain((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        response.setHeader("set-cookie", ["a=1", "b=2"]);
        response.writeHead(503, {
          "x-method": `${request.method} ${request.url}`,
          "x-sent": request.headers["x-mine"],
        });
        response.end(Buffer.concat(parts));
      });
    });
    const body = Uint8Array.from({ length: 3000 }, (_, i) => i);
    const url = `${server.url}/v2/models?a=b`;
    const answer = await client().request({ url, method: "POST", headers: { "x-mine": "yes" }, body });
    expect(answer.status).to.equal(503);
    expect(answer.headers).to.include({ "x-method": "POST /v2/models?a=b", "x-sent": "yes", "set-cookie": "a=1, b=2" });
    expect(answer.body).to.deep.equal(body);
    expect(answer.body.byteOffset).to.equal(0);
    expect(answer.elapsedMs).to.be.within(0, 2000);
  });

  it("keeps connections for requests that follow each other", async () => {
    const server = await plain((_request, response) => response.end("ok"));
    const http = client();
    for (let i = 0; i < 20; i++) await http.request({ url: server.url });
    // A request sent in the same tick in which the last one ends finds its connection still busy and opens a second.
    expect(server.connections()).to.be.at.most(2);
  });

  it("ends a slow-loris at the deadline", async () => {
    const server = await raw((socket) => {
      const head = "HTTP/1.1 200 OK\r\nx-long: ".padEnd(5000, "a");
      let at = 0;
      const timer = setInterval(() => socket.write(head[at++] ?? "a"), 20);
      socket.on("close", () => clearInterval(timer));
    });
    const error = await failsWith("HTTP_TIMEOUT", server, 1200, { ...LOOPBACK, timeoutMs: 5_000 }, 500);
    expect(error.retryable).to.equal(true);
    expect(error.message).to.contain("within 500 ms");
  });

  it("ends a body that drips at the deadline and one that stalls at the body timeout", async () => {
    const drip = await plain((_request, response) => {
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    });
    await failsWith("HTTP_TIMEOUT", drip, 1200, LOOPBACK, 500);
    const stall = await plain((_request, response) => response.write("x"));
    const error = await failsWith("HTTP_TIMEOUT", stall, 3000, { ...LOOPBACK, timeoutMs: 300 }, 5_000);
    expect(error.message).to.contain("stopped sending its body");
  });

  it("cuts an endless body at the limit and hangs up", async () => {
    let closed = false;
    let sent = 0;
    const server = await plain((_request, response) => {
      const piece = Buffer.alloc(4096);
      const push = () => {
        for (let more = true; more && !closed; sent += piece.length) more = response.write(piece);
      };
      response.on("drain", push).on("close", () => {
        closed = true;
      });
      push();
    });
    const error = await failsWith("HTTP_TOO_LARGE", server, 700);
    expect(error.message).to.contain("more than 10000 bytes");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).to.equal(true);
    // What the kernel's loopback buffers swallow, not a stream without end.
    expect(sent).to.be.below(20_000_000);
  });

  it("refuses a declared length above the limit before reading, and takes a limit per request", async () => {
    const server = await plain((_request, response) => response.end(Buffer.alloc(20_000)));
    const error = await failsWith("HTTP_TOO_LARGE", server, 700);
    expect(error.details).to.include({ have: 20_000, limit: 10_000 });
    const answer = await client().request({ url: server.url, maxBytes: 20_000 });
    expect(answer.body.length).to.equal(20_000);
  });

  it("refuses bodies of the wrong length, garbage and oversized headers", async () => {
    const short = await raw((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"));
    expect((await failsWith("HTTP_DISCONNECTED", short, 700)).retryable).to.equal(true);
    const twice = "content-length: 3\r\ncontent-length: 4\r\n";
    const double = await raw((socket) => socket.end(`HTTP/1.1 200 OK\r\n${twice}\r\nabcd`));
    await failsWith("HTTP_BAD_RESPONSE", double, 700);
    const garbage = await raw((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"));
    await failsWith("HTTP_BAD_RESPONSE", garbage, 700);
    const wide = await raw((socket) => socket.end(`HTTP/1.1 200 OK\r\nx-wide: ${"a".repeat(40_000)}\r\n\r\n`));
    await failsWith("HTTP_TOO_LARGE", wide, 700);
    const silent = await raw((socket) => socket.destroy());
    await failsWith("HTTP_DISCONNECTED", silent, 700);
  });

  it("follows no redirect and inflates nothing", async () => {
    const target = await plain((_request, response) => response.end("secret"));
    const server = await plain((_request, response) => response.writeHead(302, { location: target.url }).end());
    const error = await failsWith("HTTP_REDIRECT", server, 700);
    expect(error.message).to.contain(target.url);
    expect(target.connections()).to.equal(0);
    const bomb = await plain((_request, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"));
    await failsWith("HTTP_ENCODED", bomb, 700);
  });

  it("reaches no private address under any spelling, unless told to", async () => {
    const server = await plain((_request, response) => response.end("secret"));
    const http = client({ allowHttp: true });
    for (const host of [
      "127.0.0.1",
      "2130706433",
      "0x7f.1",
      "017700000001",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "localhost",
    ])
      await failure("HTTP_BLOCKED_ADDRESS", () => http.request({ url: `http://${host}:${server.port}/` }));
    await failure("HTTP_BLOCKED_ADDRESS", () => client().request({ url: "http://169.254.169.254/latest/meta-data" }));
    expect(server.connections()).to.equal(0);
    const { body } = await client().request({ url: `http://localhost:${server.port}/` });
    expect(Buffer.from(body).toString()).to.equal("secret");
  });

  it("refuses what is not an https address, credentials, and malformed requests before sending", async () => {
    const server = await plain((_request, response) => response.end("ok"));
    const https = client({ allowPrivate: true });
    expect((await failure("HTTP_NOT_HTTPS", () => https.request({ url: server.url }))).retryable).to.equal(false);
    for (const url of [
      "",
      "provider",
      "file:///etc/passwd",
      "ftp://a.test/",
      `http://user:pw@127.0.0.1:${server.port}`,
    ])
      await failure("HTTP_BAD_URL", () => client().request({ url }));
    const headers = { "x-a": "b\r\nx-injected: c" };
    await failure("HTTP_BAD_REQUEST", () => client().request({ url: server.url, headers }));
    expect(server.connections()).to.equal(0);
  });

  it("names a refused connection, a name that does not resolve and a service without TLS", async () => {
    const server = await plain((_request, response) => response.end("ok"));
    const http = client({ ...LOOPBACK, timeoutMs: 3_000 });
    await failure("HTTP_TLS", () => http.request({ url: server.url.replace("http:", "https:") }));
    await server.close();
    expect((await failure("HTTP_REFUSED", () => http.request({ url: server.url }))).retryable).to.equal(true);
    await failure("HTTP_DNS", () => http.request({ url: "http://no-such-host.invalid/" }));
  });

  it("counts waiting for a free connection into the deadline, and recovers", async () => {
    let held: (() => void) | undefined;
    const server = await plain((request, response) => {
      if (request.url === "/held") held = () => response.end("late");
      else response.end("quick");
    });
    const http = client({ ...LOOPBACK, connections: 1, timeoutMs: 5_000 });
    const first = http.request({ url: `${server.url}/held`, deadlineMs: 5_000 });
    await failure("HTTP_TIMEOUT", () => http.request({ url: server.url, deadlineMs: 200 }));
    held?.();
    expect((await first).status).to.equal(200);
    expect((await http.request({ url: server.url })).status).to.equal(200);
  });

  it("fails what is under way and what comes after when it is closed", async () => {
    const server = await plain(() => undefined);
    const http = client();
    const under = failure("HTTP_CLIENT_CLOSED", () => http.request({ url: server.url }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await http.close();
    await under;
    await failure("HTTP_CLIENT_CLOSED", () => http.request({ url: server.url }));
  });

  it("reads JSON strictly", async () => {
    const answer = { status: 200, headers: {}, elapsedMs: 1 };
    const bytes = (text: string) => new Uint8Array(Buffer.from(text));
    expect(readJson({ ...answer, body: bytes('{"a":[1]}') })).to.deep.equal({ a: [1] });
    for (const body of [bytes("{"), bytes(""), Uint8Array.of(0x22, 0xff, 0x22)])
      await failure("HTTP_BAD_JSON", () => readJson({ ...answer, body }));
  });
});
