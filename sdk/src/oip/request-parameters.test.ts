import { readFileSync } from "node:fs";
import { checkRequest, SuretyError } from "@surety/protocol";
import { expect } from "chai";
import { HEADER_LENGTH, type OipParameters } from "./message.ts";
import { decodeInferRequest, encodeInferRequest } from "./request.ts";
import { requestClaimOf, requestParameters } from "./request-parameters.ts";

const wire = JSON.parse(readFileSync(new URL("../../../test/vectors/wire.json", import.meta.url), "utf8"));
const inputs = [{ name: "x", datatype: "FP32" as const, shape: [1], data: new Uint8Array(4) }];

describe("a signed request's parameters", () => {
  it("are those of the golden vectors, and arrive as they left, in binary and in plain JSON", () => {
    for (const { request: told, signature, parameters } of wire.requests.cases) {
      const request = checkRequest({ ...told, signedAtMs: BigInt(told.signedAtMs) });
      expect(requestParameters(request, signature)).to.deep.equal(parameters);
      for (const binary of [true, false]) {
        const { body, headers } = encodeInferRequest({ inputs, parameters, binaryOutput: true }, { binary });
        const arrived = decodeInferRequest({ body, headerLength: headers[HEADER_LENGTH] });
        const { client, signedAtMs, nonce } = request;
        expect(requestClaimOf(arrived.parameters)).to.deep.equal({ signed: { client, signedAtMs, nonce }, signature });
      }
    }
  });

  it("are refused if they are not whole", () => {
    const [{ parameters }] = wire.requests.cases as [{ parameters: OipParameters }];
    const claim = JSON.parse(String(parameters.surety_request));
    const text = (over: object) => JSON.stringify({ ...claim, ...over });
    expect(requestClaimOf(undefined)).to.equal(null);
    expect(requestClaimOf({ binary_data_output: true })).to.equal(null);
    const broken: [OipParameters, RegExp][] = [
      [{ surety_request: parameters.surety_request! }, /surety_signature/],
      [{ surety_signature: parameters.surety_signature! }, /surety_request is "absent"/],
      [{ ...parameters, surety_request: 7 }, /JSON text/],
      [{ ...parameters, surety_request: "x".repeat(513) }, /512 characters/],
      [{ ...parameters, surety_request: "{" }, /needs JSON/],
      [{ ...parameters, surety_request: text({ more: 1 }) }, /surety_request.more/],
      [{ ...parameters, surety_request: text({ signedAtMs: 5 }) }, /signedAtMs/],
      [{ ...parameters, surety_request: text({ nonce: "0x12" }) }, /nonce/],
      [{ ...parameters, surety_request: text({ client: `0x${"00".repeat(20)}` }) }, /the address that signed/],
      [{ ...parameters, surety_signature: "0x12" }, /surety_signature/],
    ];
    for (const [bad, words] of broken) expect(() => requestClaimOf(bad)).to.throw(SuretyError, words);
  });
});
