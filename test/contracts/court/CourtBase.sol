// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Opening, Proof, Attested} from "../../../contracts/court/IEvidence.sol";
import {Jury} from "../../../contracts/court/IJuries.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {MerkleSum} from "../../../contracts/libraries/MerkleSum.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {Sampling} from "../../../contracts/libraries/Sampling.sol";
import {Reveal} from "../../../contracts/verification/IAttestationHub.sol";
import {Reveals} from "../Reveals.sol";
import {SumTree} from "../SumTree.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";

/// @notice A market with a real log in epoch 2 and enough jurors, who may sit from epoch 4 on.
abstract contract CourtBase is System {
    uint64 internal constant EPOCH = 2;
    uint32 internal constant LEAVES = 8;
    uint32 internal constant LEAF_UNITS = 125;
    /// @dev The leaf that cases are about.
    uint32 internal constant SEQ = 3;
    uint256 internal constant JURORS = 20;
    address internal constant CLIENT = address(0xC1);
    address internal constant CHALLENGER = address(0xC2);
    address internal constant STRANGER = address(0xC3);
    uint8 internal constant ACQUIT = 1;
    uint8 internal constant CONVICT = 2;

    function setUp() public virtual override {
        super.setUp();
        openMarket(2, 40);
        drawSeed(0);
        drawSeed(1);
        for (uint256 i = 0; i < JURORS; ++i) registerVerifier(address(uint160(0xF00 + i)), 4);
    }

    /* THE LOG */

    function inputsOf(uint32 seq) internal pure returns (bytes memory) {
        return abi.encode("inputs", seq);
    }

    function outputsOf(uint32 seq) internal pure returns (bytes memory) {
        return abi.encode("outputs", seq);
    }

    function saltOf(uint32 seq) internal pure returns (bytes32) {
        return keccak256(abi.encode("salt", seq));
    }

    function receiptOf(uint64 epoch, uint32 seq) internal pure virtual returns (Receipts.Receipt memory) {
        return Receipts.Receipt({
            provider: PROVIDER,
            modelId: MODEL,
            epoch: epoch,
            seq: seq,
            slot: 1,
            client: CLIENT,
            inputHash: sha256(inputsOf(seq)),
            outputHash: sha256(outputsOf(seq)),
            units: LEAF_UNITS,
            servedAtMs: 1,
            latencyMs: 2
        });
    }

    function leafOf(uint64 epoch, uint32 seq) internal pure returns (Receipts.LeafFields memory) {
        Receipts.Receipt memory receipt = receiptOf(epoch, seq);
        return Receipts.LeafFields({
            provider: receipt.provider,
            modelId: receipt.modelId,
            epoch: receipt.epoch,
            seq: receipt.seq,
            slot: receipt.slot,
            client: receipt.client,
            inputHash: receipt.inputHash,
            sealedOutput: Receipts.seal(saltOf(seq), receipt.outputHash),
            units: receipt.units,
            servedAtMs: receipt.servedAtMs,
            latencyMs: receipt.latencyMs
        });
    }

    function treeOf(uint64 epoch, uint32 seq) internal pure returns (bytes32 root, MerkleSum.Node[] memory path) {
        MerkleSum.Node[] memory leaves = new MerkleSum.Node[](LEAVES);
        for (uint32 i = 0; i < LEAVES; ++i) {
            leaves[i] = MerkleSum.Node(Receipts.leafHash(leafOf(epoch, i)), LEAF_UNITS);
        }
        (root,, path) = SumTree.build(leaves, seq);
    }

    function proofOf(uint64 epoch, uint32 seq) internal pure returns (Proof memory) {
        (, MerkleSum.Node[] memory path) = treeOf(epoch, seq);
        return Proof(leafOf(epoch, seq), path);
    }

    function openingOf(uint32 seq) internal pure returns (Opening memory) {
        return Opening(saltOf(seq), inputsOf(seq), outputsOf(seq));
    }

    function sign(uint256 key, Receipts.Receipt memory receipt) internal view returns (bytes memory) {
        return signFor(key, log.domainSeparator(), receipt);
    }

    function signFor(uint256 key, bytes32 domain, Receipts.Receipt memory receipt)
        internal
        pure
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, MessageHashUtils.toTypedDataHash(domain, Receipts.structHash(receipt)));
        return abi.encodePacked(r, s, v);
    }

    /// @dev Eight leaves of 125 units.
    function commitLog(uint64 epoch) internal override {
        (bytes32 root,) = treeOf(epoch, 0);
        vm.warp(clock.times(epoch).end);
        vm.prank(OPERATOR);
        log.commit(MODEL, epoch, root, LEAVES, UNITS, 1023);
    }

    /* SAMPLES AND SEATS */

    function positionOf(uint64 epoch, uint8 j) internal view returns (uint256) {
        (bytes32 seed,) = beacon.seedOf(epoch);
        return Sampling.position(seed, PROVIDER, MODEL, epoch, j, UNITS);
    }

    /// @notice The samples that hit a leaf.
    function bitsOf(uint64 epoch, uint32 seq) internal view returns (uint256 bits) {
        for (uint8 j = 0; j < 48; ++j) {
            if (positionOf(epoch, j) / LEAF_UNITS == seq) bits |= 1 << j;
        }
    }

    /// @notice The first sample that hits a leaf.
    function sampleOf(uint64 epoch, uint32 seq) internal view returns (uint8 j) {
        while (positionOf(epoch, j) / LEAF_UNITS != seq) ++j;
    }

    /// @notice Every seat's own outputs: for sample 0 of the epoch, what the provider's leaf really gives. One leaf, so the
    /// data root is it.
    function dataRootOf(address, uint8) internal view virtual override returns (bytes32) {
        return Commitments.rerunLeaf(0, ownHash(), ownHash());
    }

    function ownOutputs() internal view virtual returns (bytes memory) {
        return outputsOf(uint32(positionOf(EPOCH, 0) / LEAF_UNITS));
    }

    function ownHash() internal view returns (bytes32) {
        return sha256(ownOutputs());
    }

    /// @notice The re-run of the first seat of epoch 2, as `reveal` commits it.
    function rerunOf() internal view returns (Attested memory) {
        address verifier = hub.seatsOf(PROVIDER, MODEL, EPOCH, 1)[0];
        (Reveal[] memory reveals,) = assignments(EPOCH, verifier, probeReport(22), 0);
        // The re-run's assignment comes last.
        return attested(reveals, reveals.length - 1, verifier);
    }

    /// @notice The probes of the first seat of epoch 2, as `attest` commits them with this report.
    function probesOf(uint256 report) internal view returns (Attested memory) {
        address verifier = hub.seatsOf(PROVIDER, MODEL, EPOCH, 0)[0];
        (Reveal[] memory reveals,) = assignments(EPOCH, verifier, report, 0);
        // The probes' assignment comes first.
        return attested(reveals, 0, verifier);
    }

    /// @notice Reveal `i` of a verifier's first seat of its role, as evidence.
    function attested(Reveal[] memory all, uint256 i, address verifier) internal pure returns (Attested memory) {
        Reveal memory item = all[i];
        bytes32[] memory path = Reveals.pathOf(all, i);
        return Attested(PROVIDER, MODEL, EPOCH, item.role, 0, verifier, item.dataRoot, item.salt, path);
    }

    /// @notice Epoch 2 up to its reveals, with this re-run report on every seat.
    function reveal(uint256 rerun) internal {
        attest(EPOCH, probeReport(22), rerun);
    }

    /// @notice Epoch 2 up to its seed.
    function openEpoch() internal {
        commitLog(EPOCH);
        drawSeed(EPOCH);
    }

    /// @notice Epoch 2 settled; a majority found the leaf `SEQ` wrong.
    function settleWrong() internal {
        openEpoch();
        reveal(rerunReport(48, bitsOf(EPOCH, SEQ)));
        settle(EPOCH);
    }

    /// @notice Epoch 2 settled; all agree.
    function settleRight() internal {
        openEpoch();
        reveal(rerunReport(48, 0));
        settle(EPOCH);
    }

    /* REFUSALS */

    /// @notice The call reverts with this error, whatever its numbers.
    function refused(address target, bytes memory call, bytes4 selector) internal {
        (bool ok, bytes memory reason) = target.call(call);
        require(!ok, "not refused");
        eq(bytes32(bytes4(reason)), bytes32(selector), "another error");
    }

    /* MONEY */

    /// @notice Gives `who` tokens for `room`.
    function fund(address who, address room, uint256 amount) internal {
        asset.mint(who, amount);
        vm.prank(who);
        asset.approve(room, amount);
    }

    /* JURIES */

    function caseId() internal view returns (bytes32) {
        return court.caseId(PROVIDER, MODEL, EPOCH, SEQ);
    }

    /// @notice The provider takes the case of `SEQ` to a jury.
    function callJury() internal returns (bytes32) {
        return callJuryFor(SEQ);
    }

    function callJuryFor(uint32 seq) internal returns (bytes32) {
        // Hashes are calls too: what follows a prank or an expected revert is made before.
        (Proof memory proof, Opening memory opening) = (proofOf(EPOCH, seq), openingOf(seq));
        fund(PROVIDER, address(court), CASE_BOND);
        vm.prank(PROVIDER);
        return court.callJury(proof, opening);
    }

    /// @notice Draws the jury's seed, such that no seat stays empty.
    function drawJury(bytes32 id) internal returns (address[] memory seats) {
        Jury memory jury = juries.juryOf(id);
        vm.warp(clock.times(jury.epoch).seedTime);
        for (uint256 value = 0; ; ++value) {
            beacon.set(jury.epoch, keccak256(abi.encode("jury", value)));
            seats = juries.seatsOf(id);
            bool full = true;
            for (uint256 i = 0; i < seats.length; ++i) full = full && seats[i] != address(0);
            if (full) return seats;
        }
    }

    function ballot(bytes32 id, address juror, uint8 vote) internal view returns (bytes32) {
        return keccak256(abi.encode(address(juries), id, juror, vote, bytes32("output"), bytes32("salt")));
    }

    /// @notice The jury's whole work: the first `convict` seats convict, the next `acquit` acquit, the rest stays away.
    function decide(bytes32 id, uint256 convict, uint256 acquit) internal returns (address[] memory seats) {
        seats = drawJury(id);
        Jury memory jury = juries.juryOf(id);
        vm.warp(jury.start);
        for (uint8 i = 0; i < convict + acquit; ++i) {
            vm.prank(seats[i]);
            juries.commit(id, i, ballot(id, seats[i], i < convict ? CONVICT : ACQUIT));
        }
        vm.warp(jury.commitEnd);
        for (uint8 i = 0; i < convict + acquit; ++i) {
            vm.prank(seats[i]);
            juries.reveal(id, i < convict ? CONVICT : ACQUIT, "output", "salt");
        }
        vm.warp(jury.revealEnd);
    }
}
