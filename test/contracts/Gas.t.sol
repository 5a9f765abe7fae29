// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Opening, Proof} from "../../contracts/court/IEvidence.sol";
import {Jury} from "../../contracts/court/IJuries.sol";
import {Times} from "../../contracts/epoch/IEpochClock.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {Tranche} from "../../contracts/stake/IStakePool.sol";
import {Reveal} from "../../contracts/verification/IAttestationHub.sol";
import {vm} from "./Vm.sol";
import {CourtBase} from "./court/CourtBase.sol";

/// @notice What the main transactions cost, compared with snapshots/. After an intended change: npm run gas:update
/// @dev Isolated: each call is a transaction of its own, and its cost has all that a transaction pays for.
/// hardhat-config: isolate = true
contract GasTest is CourtBase {
    address private constant ALICE = address(0xA11CE);

    function test_Stake() public {
        uint256 amount = 10e18;
        asset.mint(ALICE, 3 * amount);
        vm.startPrank(ALICE);
        asset.approve(address(pool), 3 * amount);
        pool.bond(ALICE, amount);
        _note("stake", "first bond");
        pool.bond(ALICE, amount);
        _note("stake", "bond");
        providers.register(ALICE, "https://alice.example", "eu-1");
        _note("stake", "register a provider");
        uint256 id = providers.exit(ALICE, amount);
        _note("stake", "exit");
        vm.warp(block.timestamp + EXIT_DELAY + LENGTH);
        pool.claimExit(ALICE, Tranche.Own, id);
        _note("stake", "claim");
        vm.stopPrank();
        vm.prank(address(court));
        penalties.punish(ALICE, 0.5e18, "cause", CHALLENGER, CLIENT, 1e18);
        _note("stake", "slash");
    }

    function test_Epoch() public {
        vm.prank(PROVIDER);
        book.commit(PROVIDER, MODEL, TARGET, 2000, 1, PRICE, 41, 42);
        _note("epoch", "promise");
        openEpoch();
        address who = hub.seatsOf(PROVIDER, MODEL, EPOCH, 1)[0];
        (Reveal[] memory reveals, bytes32 root) = assignments(EPOCH, who, probeReport(22), rerunReport(48, 0));
        bytes32 commitment = Commitments.commitment(address(hub), EPOCH, 0, who, root);
        Times memory times = clock.times(EPOCH);
        vm.warp(times.openEnd);
        vm.prank(who);
        hub.commit(EPOCH, commitment);
        _note("epoch", "commit");
        vm.warp(times.outputEnd);
        vm.prank(who);
        show(EPOCH, reveals);
        _note("epoch", "reveal");
        settle(EPOCH);
        _note("epoch", "first settlement");
        (bytes32 leaves,) = treeOf(3, 0);
        vm.warp(clock.times(3).end);
        vm.prank(OPERATOR);
        log.commit(MODEL, 3, leaves, LEAVES, UNITS, 1023);
        _note("epoch", "log");
        drawSeed(3);
        attest(3, probeReport(22), rerunReport(48, 0));
        settle(3);
        _note("epoch", "settlement");
    }

    function test_Court() public {
        settleRight();
        Proof memory proof = proofOf(EPOCH, SEQ);
        Opening memory opening = openingOf(SEQ);
        fund(CHALLENGER, address(court), CASE_BOND);
        vm.prank(CHALLENGER);
        bytes32 id = court.open(proof);
        _note("court", "open a case");
        fund(PROVIDER, address(court), CASE_BOND);
        vm.prank(PROVIDER);
        court.callJury(proof, opening);
        _note("court", "call a jury");

        address[] memory jurors = drawJury(id);
        Jury memory jury = juries.juryOf(id);
        vm.warp(jury.start);
        for (uint8 seat = 0; seat < JURY_VOTES; ++seat) {
            bytes32 vote = ballot(id, jurors[seat], ACQUIT);
            vm.prank(jurors[seat]);
            juries.commit(id, seat, vote);
        }
        _note("court", "commit a vote");
        vm.warp(jury.commitEnd);
        for (uint8 seat = 0; seat < JURY_VOTES; ++seat) {
            vm.prank(jurors[seat]);
            juries.reveal(id, ACQUIT, "output", "salt");
        }
        _note("court", "reveal a vote");
        vm.warp(jury.revealEnd);
        court.close(id);
        _note("court", "close a case");
        court.payJuror(id, jurors[0]);
        court.claim(jurors[0]);
        _note("court", "claim");
    }

    /// @dev Leaves 0 to 3 are wrong.
    function test_FreeCases() public {
        openEpoch();
        uint256 wrong = 0;
        for (uint32 seq = 0; seq < 4; ++seq) wrong |= bitsOf(EPOCH, seq);
        reveal(rerunReport(48, wrong));
        settle(EPOCH);
        vm.warp(clock.times(EPOCH).disputeEnd);
        court.closeFree(proofOf(EPOCH, 0));
        _note("court", "close a free case");
        bytes[] memory calls = new bytes[](3);
        for (uint32 seq = 1; seq < 4; ++seq) {
            calls[seq - 1] = abi.encodeCall(court.closeFree, (proofOf(EPOCH, seq)));
        }
        court.multicall(calls);
        _note("court", "close three more together");
    }

    function _note(string memory group, string memory name) private {
        vm.snapshotGasLastCall(group, name);
    }
}
