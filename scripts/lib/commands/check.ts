import { kind } from "@surety/node-kit";
import { defineTool, EXIT, usageError } from "../tool.ts";
import { judge } from "../tools/judge.ts";
import { readRequest, readResponse } from "../tools/messages.ts";
import { checkPanel } from "../tools/panel.ts";
import { readSubject, withRerunner } from "../tools/subject.ts";
import { judgementJson, judgementText } from "../tools/verdicts.ts";

const headerLength = (of: string) =>
  ({
    kind: kind.integer(0, 999_999_999, 180),
    about: `bytes of JSON at the start of a binary ${of}; default: to the end of its JSON object`,
    optional: true,
  }) as const;

const verdictExit = { match: EXIT.ok, mismatch: EXIT.mismatch, grey: EXIT.grey } as const;

/** `surety check`: says whether answers are a model's. */
export const checkCommand = defineTool({
  name: "",
  about:
    "Runs a model on a request and says whether the response is its: exit code 0 match, 1 mismatch, 2 grey, 64 wrong usage, 65 bad data.",
  example:
    "surety check --model models/digits-cnn/model.onnx --profile models/digits-cnn/profile.json --manifest models/digits-cnn/manifest.json --request docs/examples/digit.request.json --response docs/examples/digit.response.json",
  settings: {
    model: { kind: kind.path("./model.onnx"), about: "the ONNX file" },
    profile: { kind: kind.path("./profile.json"), about: "its tolerance profile" },
    manifest: {
      kind: kind.path("./manifest.json"),
      about: "its manifest: inputs outside its domain are grey",
      optional: true,
    },
    request: {
      kind: kind.path("./a.request"),
      about: "body of an inference request (Open Inference Protocol v2), JSON or binary",
      optional: true,
    },
    response: { kind: kind.path("./a.response"), about: "body of the response, JSON or binary", optional: true },
    requestHeaderLength: headerLength("request"),
    responseHeaderLength: headerLength("response"),
    panel: {
      kind: kind.path("./answers"),
      about: "instead of one request and response: a folder of NAME.request and NAME.response, judged together",
      optional: true,
    },
    timeout: { kind: kind.integer(1, 86_400, 60), about: "longest time of one run, seconds", default: "60" },
  },
  async run({ request, response, requestHeaderLength, responseHeaderLength, panel, timeout, ...paths }, io) {
    const one = [request, response, requestHeaderLength, responseHeaderLength];
    if (panel !== undefined) {
      if (one.some((flag) => flag !== undefined))
        throw usageError("--panel judges a folder; leave out --request, --response and their header lengths.");
      return checkPanel(await readSubject(paths), panel, timeout * 1000, io);
    }
    if (request === undefined || response === undefined)
      throw usageError("Give both --request and --response, or --panel with a folder of such pairs.");
    const pair = {
      request: await readRequest(request, requestHeaderLength),
      response: await readResponse(response, responseHeaderLength),
    };
    const subject = await readSubject(paths);
    const judgement = await withRerunner(subject, timeout * 1000, (rerun) => judge(subject, rerun, pair));
    return {
      code: verdictExit[judgement.verdict],
      json: { model: subject.hash, ...judgementJson(judgement, subject.profile) },
      text: judgementText(judgement),
    };
  },
});
