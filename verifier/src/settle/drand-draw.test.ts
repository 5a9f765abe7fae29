import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHttp } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { drandSignature, quicknet } from "@surety/protocol/drand";
import { expect } from "chai";
import { createDrandDraw } from "./drand-draw.ts";

const vectors = JSON.parse(readFileSync(new URL("../../../test/vectors/drand-quicknet.json", import.meta.url), "utf8"));
const signatures = new Map<string, string>(
  vectors.rounds.map((r: { round: number; signatureG1: string }) => [String(r.round), r.signatureG1]),
);
/** When round 1000 was published. */
const PUBLISHED = quicknet.genesisTime + 999n * quicknet.period;
const late = { number: 7n, timestamp: PUBLISHED + 1_000n };

/** How a relay answers a request for `round`. */
type Answer = (round: string, response: ServerResponse) => void;
const json = (response: ServerResponse, body: object) => void response.end(JSON.stringify(body));

const honest: Answer = (round, response) => {
  const signature = signatures.get(round);
  if (signature) return json(response, { round: Number(round), randomness: "00", signature });
  response.statusCode = 404;
  response.end("unknown round");
};

describe("createDrandDraw", () => {
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  const servers: Server[] = [];
  after(async () => {
    await http.close();
    for (const server of servers) server.close();
  });

  async function relay(answer: Answer): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      answer(request.url!.split("/").at(-1)!, response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  const failure = async (work: Promise<unknown>): Promise<SuretyError> => {
    const error = await work.catch((reason: unknown) => reason);
    if (error instanceof SuretyError) return error;
    throw new Error("not refused");
  };

  it("asks for the first round at or after the seed time, in the network's own path", async () => {
    const { url, asked } = await relay(honest);
    const draw = createDrandDraw({ http, urls: [`${url}/`] });
    for (const [seedTime, round] of [
      [PUBLISHED - 2n, "1000"],
      [PUBLISHED, "1000"],
      [PUBLISHED + 1n, "1001"],
      [PUBLISHED + 6n, "1002"],
    ] as const) {
      const call = await draw(9n, seedTime, late);
      expect(call).to.deep.equal({
        key: `draw epoch 9 from drand round ${round}`,
        contract: "DrandBeacon",
        functionName: "draw",
        args: [9n, drandSignature(`0x${signatures.get(round)}`)],
      });
      expect(asked.at(-1)).to.equal(`/${vectors.chainHash}/public/${round}`);
    }
  });

  it("takes the first right answer, whatever the other relays do", async () => {
    const body = (change: object) => (response: ServerResponse) =>
      json(response, { round: 1000, signature: signatures.get("1000"), ...change });
    const answers: Answer[] = [
      // The signature of another round, as this one's.
      (_, response) => body({ signature: signatures.get("1001") })(response),
      (_, response) => body({ signature: "b4" })(response),
      (_, response) => body({ signature: 7 })(response),
      (_, response) => void response.end("<html>"),
      (_, response) => void response.end("null"),
      (_, response) => void response.end("x".repeat(10_000)),
      (_, response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      (_, response) => void response.writeHead(500).end(),
      (_, response) => void response.destroy(),
      // Never answers.
      () => {},
    ];
    const relays = await Promise.all(answers.map(relay));
    const wrong = relays.map(({ url }) => url);
    const good = (await relay(honest)).url;
    const call = await createDrandDraw({ http, urls: [...wrong, "http://127.0.0.1:1", good] })(9n, PUBLISHED, late);
    expect(call.args[1]).to.deep.equal(drandSignature(`0x${signatures.get("1000")}`));

    const error = await failure(createDrandDraw({ http, urls: wrong.slice(0, -1) })(9n, PUBLISHED, late));
    expect([error.code, error.retryable]).to.deep.equal(["DRAND_UNREACHABLE", true]);
    expect(error.details!.reasons).to.have.length(wrong.length - 1);
    for (const { asked } of relays) expect(asked).not.to.be.empty;
  });

  it("waits for a block at or after the round", async () => {
    const { url, asked } = await relay(honest);
    const draw = createDrandDraw({ http, urls: [url] });
    const error = await failure(draw(9n, PUBLISHED - 2n, { number: 7n, timestamp: PUBLISHED - 1n }));
    expect([error.code, error.retryable]).to.deep.equal(["DRAND_TOO_EARLY", true]);
    expect(asked).to.deep.equal([]);
    await draw(9n, PUBLISHED - 2n, { number: 8n, timestamp: PUBLISHED });
  });

  it("tells that a relay does not have the round yet, and may be asked again", async () => {
    const { url } = await relay(honest);
    const error = await failure(createDrandDraw({ http, urls: [url] })(9n, PUBLISHED + 30n, late));
    expect([error.code, error.retryable]).to.deep.equal(["DRAND_UNREACHABLE", true]);
    expect(error.message).to.contain("status 404");
  });
});
