// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IReceiptLog} from "../../../contracts/availability/IReceiptLog.sol";
import {IEvidence, Proof, Attested} from "../../../contracts/court/IEvidence.sol";
import {IFaults} from "../../../contracts/court/IFaults.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {OutputLimit} from "../../../contracts/registry/IModelRegistry.sol";
import {IProviderRegistry} from "../../../contracts/registry/IProviderRegistry.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

contract EquivocationTest is CourtBase {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function pair() private pure returns (Receipts.Receipt memory a, Receipts.Receipt memory b) {
        a = receiptOf(EPOCH, SEQ);
        b = receiptOf(EPOCH, SEQ);
        b.outputHash = keccak256("another");
    }

    function prove(Receipts.Receipt memory a, Receipts.Receipt memory b) private returns (uint256) {
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        vm.prank(CHALLENGER);
        return faults.equivocation(a, signatureA, b, signatureB);
    }

    function test_HalfTheStakeAndTheKey() public {
        (Receipts.Receipt memory a, Receipts.Receipt memory b) = pair();
        uint256 stake = pool.slashableNow(PROVIDER);
        uint256 taken = prove(a, b);
        eq(taken, stake / 2, "half");
        eq(penalties.owed(CHALLENGER), taken / 5, "a fifth of it");
        require(providers.isBanned(OPERATOR), "banned");
        bytes32 fault = keccak256(abi.encode("equivocation", PROVIDER, MODEL, EPOCH, SEQ));
        require(faults.isProven(fault), "noted");
        bytes memory signatureA = sign(OPERATOR_KEY, a);
        bytes memory signatureB = sign(OPERATOR_KEY, b);
        vm.expectRevert(abi.encodeWithSelector(IFaults.FaultsProven.selector, fault));
        faults.equivocation(b, signatureB, a, signatureA);
    }

    /// @notice A banned key commits no log and is nobody's again; another number of it is another fault.
    function test_BannedKeyIsUseless() public {
        (Receipts.Receipt memory a, Receipts.Receipt memory b) = pair();
        prove(a, b);
        vm.warp(clock.times(EPOCH).end);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogBannedOperator.selector, OPERATOR));
        vm.prank(OPERATOR);
        log.commit(MODEL, EPOCH, keccak256("root"), 1, 1, 1023);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderRegistryOperatorBanned.selector, OPERATOR));
        vm.prank(PROVIDER);
        providers.setOperator(PROVIDER, OPERATOR);
        (a.seq, b.seq) = (9, 9);
        require(prove(a, b) > 0, "what it signed stays evidence");
    }

    function test_OnlyTheCourtBans() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        providers.ban(OPERATOR);
    }

    function test_ReceiptsOfOneNumber() public {
        for (uint256 field = 0; field < 4; ++field) {
            (Receipts.Receipt memory a, Receipts.Receipt memory b) = pair();
            if (field == 0) b.provider = STRANGER;
            if (field == 1) b.modelId = keccak256("other");
            if (field == 2) ++b.epoch;
            if (field == 3) ++b.seq;
            (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
            vm.expectRevert(IFaults.FaultsNotOneReceipt.selector);
            faults.equivocation(a, signatureA, b, signatureB);
        }
    }

    function test_AReceiptDoesNotContradictItself() public {
        Receipts.Receipt memory a = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(OPERATOR_KEY, a);
        vm.expectRevert(abi.encodeWithSelector(IFaults.FaultsSameContent.selector, Receipts.structHash(a)));
        faults.equivocation(a, signature, a, signature);
    }

    /// @notice Another key, another chain's domain, the mirrored signature, garbage: each refused.
    function test_OnlyTheOperatorsSignature() public {
        (Receipts.Receipt memory a, Receipts.Receipt memory b) = pair();
        bytes memory good = sign(OPERATOR_KEY, a);
        refuse(a, good, b, sign(0xBEEF, b), vm.addr(0xBEEF));
        (uint8 v, bytes32 r, bytes32 s) = (uint8(good[64]), word(good, 0), word(good, 32));
        bytes memory mirrored = abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        refuse(a, mirrored, b, sign(OPERATOR_KEY, b), address(0));
        refuse(a, abi.encodePacked(r, s, v - 27), b, sign(OPERATOR_KEY, b), address(0));
        refuse(a, "", b, sign(OPERATOR_KEY, b), address(0));
    }

    function word(bytes memory from, uint256 at_) private pure returns (bytes32 value) {
        for (uint256 i = 0; i < 32; ++i) value |= bytes32(from[at_ + i]) >> (8 * i);
    }

    function refuse(
        Receipts.Receipt memory a,
        bytes memory signatureA,
        Receipts.Receipt memory b,
        bytes memory signatureB,
        address have
    ) private {
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNotSigned.selector, have, OPERATOR));
        faults.equivocation(a, signatureA, b, signatureB);
    }

    /// @notice Until the dispute end: of a promised epoch that is after its settlement, of another a fixed time.
    function test_UntilTheDisputeEnd() public {
        (Receipts.Receipt memory a, Receipts.Receipt memory b) = pair();
        eq(faults.disputeEnd(PROVIDER, MODEL, EPOCH), type(uint64).max, "not settled");
        settleRight();
        uint256 end = clock.times(EPOCH).disputeEnd;
        eq(faults.disputeEnd(PROVIDER, MODEL, EPOCH), end, "settled in time");
        vm.warp(end);
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        faults.equivocation(a, signatureA, b, signatureB);
        vm.warp(end - 1);
        faults.equivocation(a, signatureA, b, signatureB);
    }

    function test_LateSettlementMovesTheDisputeEnd() public {
        openEpoch();
        uint256 late = clock.times(EPOCH).settleEnd + 500;
        vm.warp(late);
        hub.settle(PROVIDER, MODEL);
        eq(hub.settledAt(PROVIDER, MODEL, EPOCH), late, "settled at");
        eq(faults.disputeEnd(PROVIDER, MODEL, EPOCH), late + 400, "and the dispute window");
        eq(faults.disputeEnd(PROVIDER, MODEL, 1), clock.times(1).disputeEnd, "nothing promised");
    }
}

contract MissingLogTest is CourtBase {
    function test_OnePercentOnce() public {
        vm.warp(clock.times(EPOCH).logEnd);
        uint256 stake = pool.slashableNow(PROVIDER);
        vm.prank(CHALLENGER);
        eq(faults.missingLog(PROVIDER, MODEL, EPOCH), stake / 100, "1 %");
        bytes32 fault = keccak256(abi.encode("missing log", PROVIDER, MODEL, EPOCH));
        vm.expectRevert(abi.encodeWithSelector(IFaults.FaultsProven.selector, fault));
        faults.missingLog(PROVIDER, MODEL, EPOCH);
    }

    function test_NotWhileItCanCome() public {
        uint256 end = clock.times(EPOCH).logEnd;
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, end - 1, end));
        faults.missingLog(PROVIDER, MODEL, EPOCH);
    }

    function test_NotIfThereIsOneOrNoneWasPromised() public {
        openEpoch();
        vm.expectRevert(abi.encodeWithSelector(IFaults.FaultsLogged.selector, PROVIDER, MODEL, EPOCH));
        faults.missingLog(PROVIDER, MODEL, EPOCH);
        vm.expectRevert(abi.encodeWithSelector(IFaults.FaultsNoPromise.selector, PROVIDER, MODEL, 1));
        faults.missingLog(PROVIDER, MODEL, 1);
    }

    function test_UntilTheDisputeEnd() public {
        vm.warp(clock.times(EPOCH).revealEnd);
        hub.settle(PROVIDER, MODEL);
        uint256 end = clock.times(EPOCH).disputeEnd;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        faults.missingLog(PROVIDER, MODEL, EPOCH);
    }
}

/// @notice Seats that show what their verdicts rest on.
abstract contract VerdictBase is CourtBase {
    /// @dev What an accuser puts forward.
    struct Claim {
        Attested rerun;
        uint8 j;
        bytes32 own;
        Proof proof;
        bytes32 salt;
        bytes32 output;
    }

    /// @dev The leaf that sample 0 hits.
    function seqOfSample() internal view returns (uint32) {
        return uint32(positionOf(EPOCH, 0) / LEAF_UNITS);
    }

    /// @dev The truth about the first seat and sample 0.
    function claimOf() internal view returns (Claim memory) {
        uint32 seq = seqOfSample();
        return Claim(rerunOf(), 0, ownHash(), proofOf(EPOCH, seq), saltOf(seq), sha256(outputsOf(seq)));
    }

    function encode(Claim memory c) internal view returns (bytes memory) {
        bytes32[] memory none = new bytes32[](0);
        return abi.encodeCall(faults.refutedVerdict, (c.rerun, c.j, c.own, c.own, none, c.proof, c.salt, c.output));
    }

    function prove(Claim memory c) internal returns (uint256) {
        bytes32[] memory none = new bytes32[](0);
        vm.prank(CHALLENGER);
        return faults.refutedVerdict(c.rerun, c.j, c.own, c.own, none, c.proof, c.salt, c.output);
    }

    function refuse(Claim memory c, bytes memory reason) internal {
        vm.expectRevert(reason);
        prove(c);
    }

    function stands(uint256 verdict) internal {
        refuse(claimOf(), abi.encodeWithSelector(IFaults.FaultsNotRefuted.selector, verdict));
    }
}

contract RefutedVerdictTest is VerdictBase {
    /// @notice Bit for bit its own output, and the verdict is mismatch: half of the verifier's stake, once.
    function test_MismatchAgainstItsOwnOutput() public {
        openEpoch();
        reveal(rerunReport(48, 1));
        Claim memory claim = claimOf();
        uint256 stake = pool.slashableNow(claim.rerun.verifier);
        eq(prove(claim), stake / 2, "half");
        eq(penalties.owed(CHALLENGER), stake / 10, "challenger");
        bytes32 fault = keccak256(abi.encode("refuted verdict", PROVIDER, MODEL, EPOCH, uint8(1), uint8(0)));
        refuse(claim, abi.encodeWithSelector(IFaults.FaultsProven.selector, fault));
    }

    function test_AMatchWithItsOwnOutputStands() public {
        openEpoch();
        reveal(rerunReport(48, 0));
        stands(0);
    }

    /// @notice Grey says nothing that hashes could refute.
    function test_GreyStands() public {
        openEpoch();
        reveal(rerunReport(48, 0) | (1 << 8));
        stands(1);
    }

    function test_TheSeatsOwnCommitment() public {
        openEpoch();
        Claim memory claim = claimOf();
        refuse(claim, abi.encodeWithSelector(IEvidence.EvidenceNotRevealed.selector, 0));
        reveal(rerunReport(48, 1));
        address verifier = claim.rerun.verifier;
        claim.rerun.verifier = STRANGER;
        refuse(claim, abi.encodeWithSelector(IEvidence.EvidenceWrongSeat.selector, STRANGER, verifier));
        claim = claimOf();
        claim.rerun.salt = "another";
        refused(address(faults), encode(claim), IEvidence.EvidenceWrongCommitment.selector);
        claim = claimOf();
        claim.own ^= bytes32(uint256(1));
        refused(address(faults), encode(claim), IEvidence.EvidenceWrongOutputs.selector);
        claim = claimOf();
        claim.rerun.seat = 5;
        refuse(claim, abi.encodeWithSelector(IEvidence.EvidenceNotRevealed.selector, 5));
    }

    /// @notice Another leaf, another salt, another epoch's log.
    function test_TheLeafOfTheSample() public {
        openEpoch();
        reveal(rerunReport(48, 1));
        Claim memory claim = claimOf();
        uint32 seq = claim.proof.leaf.seq;
        uint32 other = seq == 0 ? 1 : 0;
        claim.proof = proofOf(EPOCH, other);
        uint256 from = other * LEAF_UNITS;
        refuse(
            claim,
            abi.encodeWithSelector(
                IEvidence.EvidenceNotInLeaf.selector, positionOf(EPOCH, 0), from, from + LEAF_UNITS
            )
        );
        claim = claimOf();
        claim.salt = "other";
        bytes32 have = Receipts.seal("other", claim.output);
        refuse(
            claim,
            abi.encodeWithSelector(IEvidence.EvidenceWrongSeal.selector, have, claim.proof.leaf.sealedOutput)
        );
        commitLog(3);
        claim = claimOf();
        claim.proof = proofOf(3, seq);
        refuse(claim, abi.encodeWithSelector(IFaults.FaultsNotOneReceipt.selector));
        claim.proof = proofOf(4, seq);
        refuse(claim, abi.encodeWithSelector(IEvidence.EvidenceNoLog.selector, PROVIDER, MODEL, 4));
    }

    function test_UntilTheDisputeEnd() public {
        openEpoch();
        reveal(rerunReport(48, 1));
        settle(EPOCH);
        Claim memory claim = claimOf();
        uint256 end = clock.times(EPOCH).disputeEnd;
        vm.warp(end);
        refuse(claim, abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
    }
}

/// @notice Seats whose own outputs differ from the provider's.
abstract contract OtherOutputsBase is VerdictBase {
    function ownOutputs() internal pure override returns (bytes memory) {
        return "the seat's own";
    }
}

/// @notice A model whose every output is compared exactly: whoever says match to another hash did not look.
contract ExactVerdictTest is OtherOutputsBase {
    function registerModel(bytes32 modelId) internal override {
        OutputLimit[] memory outputs = new OutputLimit[](1);
        outputs[0] = OutputLimit("label", 7, 0);
        models.register(modelId, keccak256("profile"), 4096, outputs, "ipfs://manifest");
    }

    function test_MatchAgainstAnotherHash() public {
        openEpoch();
        reveal(rerunReport(48, 0));
        Claim memory claim = claimOf();
        uint256 stake = pool.slashableNow(claim.rerun.verifier);
        eq(prove(claim), stake / 2, "half");
    }

    function test_MismatchAgainstAnotherHashStands() public {
        openEpoch();
        reveal(rerunReport(48, 1));
        stands(2);
    }
}

contract TolerantVerdictTest is OtherOutputsBase {
    function test_MatchOfAnotherHashStands() public {
        openEpoch();
        reveal(rerunReport(48, 0));
        stands(0);
    }
}
