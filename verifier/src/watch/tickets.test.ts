import { expect } from "chai";
import type { Address } from "viem";
import { createTickets } from "./tickets.ts";

const NEVER = 2n ** 64n - 1n;
const [a, b, c] = ["e1", "e2", "e3"].map((byte): Address => `0x${byte.repeat(20)}`) as [Address, Address, Address];

describe("tickets", () => {
  it("stand in their places from the epoch they were bought for", () => {
    const tickets = createTickets();
    tickets.bought(a, 0, 2n);
    tickets.bought(b, 1, 5n);
    expect(tickets.all()).to.deep.equal([
      { verifier: a, from: 2n, until: NEVER },
      { verifier: b, from: 5n, until: NEVER },
    ]);
  });

  it("count for the length of a draw two epochs after the place was first sold", () => {
    const tickets = createTickets();
    expect(tickets.lengthFor(9n)).to.equal(0);
    for (const [index, from] of [2n, 2n, 5n, 7n].entries()) tickets.bought(a, index, from);
    const lengths = [1n, 2n, 4n, 5n, 6n, 7n, 99n].map(tickets.lengthFor);
    expect(lengths).to.deep.equal([0, 2, 2, 3, 3, 4, 4]);
  });

  it("keep the holder of a returned place until it is sold again, and the place in the length", () => {
    const tickets = createTickets();
    tickets.bought(a, 0, 2n);
    tickets.bought(b, 1, 2n);
    tickets.returned(0, 6n);
    expect(tickets.all()[0]).to.deep.equal({ verifier: a, from: 2n, until: 6n });
    expect(tickets.all()[1]).to.deep.equal({ verifier: b, from: 2n, until: NEVER });
    tickets.bought(c, 0, 9n);
    expect(tickets.all()[0]).to.deep.equal({ verifier: c, from: 9n, until: NEVER });
    expect([2n, 6n, 9n].map(tickets.lengthFor)).to.deep.equal([2, 2, 2]);
  });

  it("take no notice of a return of a place that was never sold", () => {
    const tickets = createTickets();
    tickets.returned(3, 6n);
    expect(tickets.all()).to.deep.equal([]);
  });
});
