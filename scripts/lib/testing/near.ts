import { expect } from "chai";

/** Expects two numbers to be near each other. Hardhat's plugin, where it is loaded, takes chai's `closeTo` for integers. */
export function near(have: number, need: number, within: number): void {
  expect(Math.abs(have - need), `${have} is near ${need}`).to.be.at.most(within);
}
