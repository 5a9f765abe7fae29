import { parseEther } from "ethers";
import { deploy, Meter, type Row, selector, signers, time } from "./chain.ts";

const LENGTH = 86_400;
const EXIT_DELAY = 14 * LENGTH;
const WINDOWS = {
  logWindow: 7200,
  beaconLag: 60,
  openWindow: 3600,
  commitWindow: 3600,
  outputWindow: 3600,
  revealWindow: 3600,
  disputeWindow: LENGTH,
  answerWindow: 7200,
  juryWindow: 7200,
  grace: 3600,
};
const OWN = 0;
const BACKING = 1;
const ROLE = 1n;

/** Bond, exit, claim, backing and slash, sent as their callers send them: exits through the registries. */
export async function stake(): Promise<Row[]> {
  const [deployer, owner, verifier, vault, backer] = signers;
  if (!deployer || !owner || !verifier || !vault || !backer) throw new Error("the chain has too few accounts");
  const asset = await deploy("TestAsset");
  const manager = await deploy("AccessManager", deployer.address);
  const genesis = (await time.latest()) + 10;
  const clock = await deploy("EpochClock", manager.target, genesis, LENGTH, EXIT_DELAY, WINDOWS);
  const pool = await deploy("StakePool", manager.target, asset.target, clock.target, deployer.address);
  const providers = await deploy("ProviderRegistry", manager.target, clock.target, pool.target);
  const verifiers = await deploy(
    "VerifierRegistry",
    manager.target,
    clock.target,
    pool.target,
    providers.target,
    parseEther("1"),
  );

  const selectors = [
    "requestExit(address,uint256,address)",
    "lock(address,uint256)",
    "unlock(address,uint256)",
    "deposit(address,address,uint256,uint256)",
    "requestBackingExit(address,address,uint256,address)",
  ].map(selector);
  await manager.getFunction("setTargetFunctionRole")(pool.target, selectors, ROLE);
  for (const holder of [providers.target, verifiers.target, vault.address])
    await manager.getFunction("grantRole")(ROLE, holder, 0);
  for (const account of [owner, verifier, vault, backer, deployer]) {
    await asset.getFunction("mint")(account.address, parseEther("1000"));
    await asset.connect(account).getFunction("approve")(pool.target, parseEther("1000"));
  }

  const meter = new Meter();
  const amount = parseEther("10");
  const bond = (who: typeof owner) => pool.connect(who).getFunction("bond")(who.address, amount);
  const exit = () => providers.connect(owner).getFunction("exit")(owner.address, parseEther("5"));
  const claim = (tranche: number, id: number, account = owner.address) =>
    pool.connect(backer).getFunction("claimExit")(account, tranche, id);

  // The start of an epoch, so that all of a block's worth of calls stay in it.
  const nextEpoch = async () =>
    time.increaseTo(genesis + LENGTH * (Math.ceil(((await time.latest()) - genesis) / LENGTH) + 1));
  await nextEpoch();
  await meter.measure("first bond, the pool's first too", bond(owner), 145_000n);
  await meter.measure("bond again, same epoch", bond(owner), 70_000n);
  await meter.measure("first bond of another account", bond(verifier), 145_000n);
  await providers.connect(owner).getFunction("register")(
    owner.address,
    "https://provider.example",
    `0x${"00".repeat(32)}`,
  );
  await nextEpoch();
  await meter.measure("bond again, new epoch", bond(owner), 95_000n);
  await bond(verifier);
  await nextEpoch();
  await pool.connect(vault).getFunction("lock")(owner.address, parseEther("1"));
  await meter.measure("first exit, of a provider with a promise", exit(), 120_000n);
  await meter.measure("next exit, same epoch", exit());
  await verifiers.connect(verifier).getFunction("buy")(2);
  const exitVerifier = () => verifiers.connect(verifier).getFunction("exit")(amount);
  await meter.measure("first exit, of a verifier with tickets", exitVerifier(), 120_000n);
  await nextEpoch();
  await meter.measure("next exit, new epoch", exit());
  await bond(backer);
  await nextEpoch();
  const exitAll = () => verifiers.connect(backer).getFunction("exit")(amount);
  await meter.measure("first exit, of one that never locked stake", exitAll(), 120_000n);

  const deposit = () => pool.connect(vault).getFunction("deposit")(owner.address, backer.address, parseEther("20"), 0);
  await meter.measure("first deposit of backing", deposit());
  await meter.measure("deposit again", deposit());
  const leave = () =>
    pool.connect(vault).getFunction("requestBackingExit")(
      owner.address,
      backer.address,
      parseEther("5"),
      backer.address,
    );
  await meter.measure("first exit of backing", leave());
  await meter.measure("next exit of backing", leave());

  await nextEpoch();
  const slash = (wad: string) => pool.getFunction("slash")(owner.address, parseEther(wad), `0x${"11".repeat(32)}`);
  await meter.measure("slash of the own bond, active and leaving", slash("0.05"));
  await meter.measure("slash across both tranches, same epoch", slash("0.5"));

  await time.increase(EXIT_DELAY);
  await meter.measure("claim", claim(OWN, 0), 65_000n);
  await meter.measure("claim, the pool's last of an account", claim(OWN, 0, verifier.address), 65_000n);
  await meter.measure("claim of backing", claim(BACKING, 0), 65_000n);
  return meter.rows;
}
