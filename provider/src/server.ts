import type { Log } from "@surety/node-kit";
import { BINARY_EXTENSION, HEADER_LENGTH, type ModelMetadata, type ServerMetadata } from "@surety/sdk";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { notReady, statusOf, unknownEpoch, unknownModel } from "./errors.ts";
import type { ServedModel } from "./model.ts";
import type { Openings } from "./openings.ts";
import { bodyLimit, type Serve } from "./serve.ts";

/** Version of this program, as GET /v2 tells it. */
export const VERSION = "0.1.0";

/** What {@link createServer} needs. */
export type ServerOptions = {
  /** By the manifest's name. */
  models: ReadonlyMap<string, ServedModel>;
  serve: Serve;
  openings: Openings;
  /** Why nothing can be served now, or null; of one model, or of all. */
  problem: (model?: ServedModel) => string | null;
  /** What GET /surety/v1/status answers. */
  status: () => unknown;
  log: Log;
  /** Milliseconds a client may take to send a request. Default 10,000. */
  requestTimeoutMs?: number;
};

/** How often sockets are looked at for being too slow. */
const CHECK_MS = 1000;
const KEEP_ALIVE_MS = 30_000;
const MAX_HEADER_BYTES = 16_384;

const metadataOf = ({ manifest }: ServedModel): ModelMetadata => ({
  name: manifest.name,
  platform: "onnx_onnxv1",
  inputs: manifest.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  outputs: manifest.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
});

const json = (reply: FastifyReply, text: string): FastifyReply =>
  reply.header("content-type", "application/json").send(text);

/** Every refusal is `{"error": "..."}`; what is our own fault is logged, and not shown. */
function refuse(log: Log, request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  // Errors of fastify itself, such as a body over the limit, carry their status.
  const own = (error as { statusCode?: unknown }).statusCode;
  const status = typeof own === "number" && own >= 400 && own < 500 ? own : statusOf(error);
  if (status >= 500 && status !== 503) log.error({ err: error, url: request.url }, "a request failed");
  if (status === 429 || status === 503) reply.header("retry-after", "1");
  const message = status === 500 ? "the provider failed to answer; nothing was served" : (error as Error).message;
  return reply.code(status).send({ error: message });
}

/** Headers of a body that is not what it seems. */
function headerLength(request: FastifyRequest): string | undefined {
  const value = request.headers[HEADER_LENGTH];
  return Array.isArray(value) ? value.join() : value;
}

const epochOf = (text: string): bigint => {
  if (/^(0|[1-9][0-9]{0,15})$/.test(text)) return BigInt(text);
  throw unknownEpoch(0n, `"${text.slice(0, 20)}" is no epoch`);
};

/**
 * The provider's HTTP side: Open Inference Protocol v2 with the binary extension, the openings and the status.
 * @returns a server that does not listen yet
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const { models, serve, openings, problem, status, log, requestTimeoutMs = 10_000 } = options;
  const app = fastify({
    logger: false,
    bodyLimit: Math.max(16_384, ...[...models.values()].map(bodyLimit)),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    return503OnClosing: true,
    forceCloseConnections: "idle",
  });
  // Bodies stay bytes: the header says where JSON ends.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => refuse(log, request, reply, error));
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `there is no ${request.method} ${request.url.slice(0, 120)}` }),
  );

  const modelOf = (name: string): ServedModel => {
    const model = models.get(name);
    if (model === undefined) throw unknownModel(name);
    return model;
  };
  const ready = (model?: ServedModel): void => {
    const why = problem(model);
    if (why !== null) throw notReady(why);
  };

  app.get(
    "/v2",
    (): ServerMetadata => ({
      name: "surety-provider",
      version: VERSION,
      extensions: [BINARY_EXTENSION],
    }),
  );
  app.get("/v2/health/live", () => ({ live: true }));
  app.get("/v2/health/ready", () => {
    ready();
    return { ready: true };
  });
  app.get<{ Params: { name: string } }>("/v2/models/:name", ({ params }) => metadataOf(modelOf(params.name)));
  app.get<{ Params: { name: string } }>("/v2/models/:name/ready", ({ params }) => {
    ready(modelOf(params.name));
    return { name: params.name, ready: true };
  });
  app.post<{ Params: { name: string }; Body: Uint8Array | undefined }>(
    "/v2/models/:name/infer",
    async (request, reply) => {
      const encoding = request.headers["content-encoding"];
      if (encoding !== undefined && encoding !== "identity") {
        return reply
          .code(415)
          .send({ error: `content-encoding "${encoding}" is not supported: send the body as it is` });
      }
      const raw = { body: request.body ?? new Uint8Array(), headerLength: headerLength(request) };
      const { headers, body } = await serve(request.params.name, raw, () => reply.elapsedTime);
      return reply.headers(headers).send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    },
  );

  type OpeningRoute = { Params: { modelId: string; epoch: string } };
  app.get<OpeningRoute>("/surety/v1/models/:modelId/epochs/:epoch/inputs", ({ params }, reply) =>
    json(reply, openings.inputs(params.modelId, epochOf(params.epoch))),
  );
  app.get<OpeningRoute>("/surety/v1/models/:modelId/epochs/:epoch/outputs", ({ params }, reply) =>
    json(reply, openings.outputs(params.modelId, epochOf(params.epoch))),
  );
  app.get("/surety/v1/status", () => status());
  return app;
}
