// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {DemandProfile} from "../../contracts/libraries/DemandProfile.sol";
import {MerkleSum} from "../../contracts/libraries/MerkleSum.sol";
import {PromiseMath} from "../../contracts/libraries/PromiseMath.sol";
import {Receipts} from "../../contracts/libraries/Receipts.sol";
import {ReliabilityMath} from "../../contracts/libraries/ReliabilityMath.sol";
import {Reports} from "../../contracts/libraries/Reports.sol";
import {Sampling} from "../../contracts/libraries/Sampling.sol";
import {Seats} from "../../contracts/libraries/Seats.sol";
import {Settlement} from "../../contracts/libraries/Settlement.sol";
import {Record, RecordType} from "../../contracts/types/Record.sol";
import {Service} from "../../contracts/types/Service.sol";
import {Ticket} from "../../contracts/types/Ticket.sol";

/// @notice Every library behind external functions, for tests in either language; the plural ones save round trips.
contract LibraryHarness {
    Ticket[] internal _tickets;

    struct Update {
        uint256 epoch;
        uint256 good;
        uint256 total;
    }

    struct Fields {
        uint256 slowGood;
        uint256 slowTotal;
        uint256 fastGood;
        uint256 fastTotal;
        uint256 cusum;
        uint256 epoch;
    }

    struct State {
        uint256 word;
        bool alarm;
        uint256 lower;
        uint256 upper;
        uint256 mean;
    }

    struct PayInput {
        uint256 score;
        uint256 age;
        uint256 bonded;
        uint256 stake;
        uint256 totalBonded;
    }

    struct Pay {
        uint256 quality;
        uint256 tenure;
        uint256 weight;
    }

    // Record

    function pack(Fields calldata f) external pure returns (Record) {
        return RecordType.pack(f.slowGood, f.slowTotal, f.fastGood, f.fastTotal, f.cusum, f.epoch);
    }

    function fields(Record word) external pure returns (Fields memory) {
        return Fields(
            word.slowGood(),
            word.slowTotal(),
            word.fastGood(),
            word.fastTotal(),
            word.cusum(),
            word.lastEpoch()
        );
    }

    function update(Record word, uint256 epoch, uint256 good, uint256 total, bool slowSpeed)
        external
        pure
        returns (Record, bool)
    {
        return ReliabilityMath.update(word, epoch, good, total, slowSpeed);
    }

    function updates(Record word, Update[] calldata list, bool slowSpeed)
        external
        pure
        returns (State[] memory states)
    {
        states = new State[](list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            bool alarm;
            (word, alarm) = ReliabilityMath.update(word, list[i].epoch, list[i].good, list[i].total, slowSpeed);
            states[i] = _state(word, alarm);
        }
    }

    function read(Record word) external pure returns (State memory) {
        return _state(word, false);
    }

    function capSamples(Record word, uint256 samples) external pure returns (Record) {
        return ReliabilityMath.capSamples(word, samples);
    }

    struct Measured {
        uint256 epoch;
        uint256 probes;
        uint256 timely;
        uint256 atCapacity;
    }

    function measures(Service memory service, uint256 target, Measured[] calldata list)
        external
        pure
        returns (Service[] memory services, uint256[] memory cuts)
    {
        services = new Service[](list.length);
        cuts = new uint256[](list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            Measured calldata m = list[i];
            (service, cuts[i]) = PromiseMath.measure(service, m.epoch, target, m.probes, m.timely, m.atCapacity);
            services[i] = abi.decode(abi.encode(service), (Service));
        }
    }

    function score(Record t, Record p, Record c) external pure returns (uint256) {
        return ReliabilityMath.score(t, p, c);
    }

    function quality(uint256 score_) external pure returns (uint256) {
        return ReliabilityMath.quality(score_);
    }

    function tenure(uint256 age) external pure returns (uint256) {
        return ReliabilityMath.tenure(age);
    }

    function payWeight(PayInput calldata p) public pure returns (uint256) {
        return ReliabilityMath.payWeight(p.score, p.age, p.bonded, p.stake, p.totalBonded);
    }

    function pays(PayInput[] calldata list) external pure returns (Pay[] memory result) {
        result = new Pay[](list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            PayInput calldata p = list[i];
            result[i] = Pay(ReliabilityMath.quality(p.score), ReliabilityMath.tenure(p.age), payWeight(p));
        }
    }

    function _state(Record word, bool alarm) private pure returns (State memory) {
        return State(
            Record.unwrap(word),
            alarm,
            ReliabilityMath.lowerBound(word),
            ReliabilityMath.upperBound(word),
            ReliabilityMath.mean(word)
        );
    }

    // Trees

    function verifySum(
        bytes32 root,
        uint64 units,
        uint32 count,
        bytes32 leaf,
        uint64 leafUnits,
        uint32 index,
        MerkleSum.Node[] calldata siblings
    ) external pure returns (uint64) {
        return MerkleSum.verify(root, units, count, leaf, leafUnits, index, siblings);
    }

    function depthOf(uint32 count) external pure returns (uint256) {
        return MerkleSum.depthOf(count);
    }

    function verifyLeaf(bytes32[] calldata proof, bytes32 root, bytes32 leaf) external pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, root, leaf);
    }

    function openedRoot(bytes32[] calldata proof, bool[] calldata flags, bytes32[] calldata leaves)
        external
        pure
        returns (bytes32)
    {
        return MerkleProof.processMultiProofCalldata(proof, flags, leaves);
    }

    function wholeRoot(bytes32[] memory leaves) external pure returns (bytes32) {
        return Commitments.rootOf(leaves);
    }

    // Receipts

    function receiptTypehash() external pure returns (bytes32) {
        return Receipts.RECEIPT_TYPEHASH;
    }

    function structHash(Receipts.Receipt calldata receipt) external pure returns (bytes32) {
        return Receipts.structHash(receipt);
    }

    function leafHash(Receipts.LeafFields calldata leaf) external pure returns (bytes32) {
        return Receipts.leafHash(leaf);
    }

    function seal(bytes32 salt, bytes32 outputHash) external pure returns (bytes32) {
        return Receipts.seal(salt, outputHash);
    }

    // Sampling

    function seed(bytes32 value, uint256 epoch) external pure returns (bytes32) {
        return Sampling.seed(value, epoch);
    }

    function positions(bytes32 seed_, address provider, bytes32 modelId, uint256 epoch, uint256 m, uint256 units)
        external
        pure
        returns (uint256[] memory list)
    {
        list = new uint256[](m);
        for (uint256 j = 0; j < m; ++j) {
            list[j] = Sampling.position(seed_, provider, modelId, epoch, j, units);
        }
    }

    function sampleCount(uint256 settled, uint256 cusum, bool recheck) external pure returns (uint256) {
        return Sampling.sampleCount(settled, cusum, recheck);
    }

    function probesFor(uint256 target) external pure returns (uint256) {
        return Sampling.probesFor(target);
    }

    function probesPerSeat(uint256 mT) external pure returns (uint256) {
        return Sampling.probesPerSeat(mT);
    }

    // Seats

    function setTickets(Ticket[] calldata tickets) external {
        delete _tickets;
        for (uint256 i = 0; i < tickets.length; ++i) {
            _tickets.push(tickets[i]);
        }
    }

    function tryIndex(
        bytes32 seed_,
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint8 role,
        uint256 s,
        uint256 n,
        uint256 length
    ) external pure returns (uint256) {
        return Seats.tryIndex(seed_, provider, modelId, epoch, role, s, n, length);
    }

    function seats(
        uint256 length,
        bytes32 seed_,
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint8 role,
        uint256 count,
        address owner
    ) external view returns (address[] memory) {
        return Seats.seats(_tickets, length, seed_, provider, modelId, epoch, role, count, owner);
    }

    // Reports and settlement

    function checkProbe(uint256 report, uint256 nP) external pure {
        Reports.checkProbe(report, nP);
    }

    function checkRerun(uint256 report, uint256 m) external pure {
        Reports.checkRerun(report, m);
    }

    function probeFields(uint256 report) external pure returns (uint256[6] memory) {
        return [
            Reports.probes(report),
            Reports.timely(report),
            Reports.answered(report),
            Reports.peakProbes(report),
            Reports.peakTimely(report),
            Reports.atCapacity(report)
        ];
    }

    function rerunFields(uint256 report)
        external
        pure
        returns (uint256 samples, uint256[48] memory verdicts, uint256 panel)
    {
        for (uint256 j = 0; j < 48; ++j) {
            verdicts[j] = Reports.verdict(report, j);
        }
        return (Reports.samples(report), verdicts, Reports.panel(report));
    }

    function aggregateProbes(uint256[] calldata reports, bool[] calldata revealed)
        external
        pure
        returns (bool, uint256, uint256, uint256, uint256, uint256)
    {
        return Settlement.aggregateProbes(_shown(reports, revealed));
    }

    function judgeSamples(uint256[] calldata reports, bool[] calldata revealed, uint256 m)
        external
        pure
        returns (bool, uint256, uint48, uint256, bool)
    {
        // Five of nine, or three of five.
        Settlement.Samples memory found =
            Settlement.judgeSamples(_shown(reports, revealed), reports.length / 2 + 1, m);
        return (found.quorum, found.matches, found.mismatches, found.undecided, found.recheck);
    }

    function _shown(uint256[] calldata reports, bool[] calldata revealed)
        private
        pure
        returns (uint256[] memory shown)
    {
        uint256 count = 0;
        for (uint256 s = 0; s < reports.length; ++s) {
            if (revealed[s]) ++count;
        }
        shown = new uint256[](count);
        for (uint256 s = reports.length; s > 0; --s) {
            if (revealed[s - 1]) shown[--count] = reports[s - 1];
        }
    }

    function ownInput(bytes32 seed_, address provider, bytes32 modelId, uint8 role, uint8 seat, uint256 m)
        external
        pure
        returns (uint256, uint256)
    {
        return Sampling.ownInput(seed_, provider, modelId, role, seat, m);
    }

    function isRedone(bytes32 nextSeed, address provider, bytes32 modelId, uint8 role, uint8 seat)
        external
        pure
        returns (bool)
    {
        return Sampling.isRedone(nextSeed, provider, modelId, role, seat);
    }

    function askedReceipts(bytes32 nextSeed, address provider, bytes32 modelId, uint8 seat, uint256 answered)
        external
        pure
        returns (bool asked, uint256 i, uint256 k)
    {
        return Sampling.askedReceipts(nextSeed, provider, modelId, seat, answered);
    }

    // Demand

    function profile(DemandProfile.Log[] calldata logs, uint64 epoch)
        external
        pure
        returns (DemandProfile.Profile memory)
    {
        return DemandProfile.profile(logs, epoch);
    }

    function share(uint256 slots, uint256 k) external pure returns (uint256) {
        return DemandProfile.share(slots, k);
    }

    function checkSlots(uint256 slots) external pure {
        DemandProfile.checkSlots(slots);
    }

    // Commitments

    function commitment(address hub, uint64 epoch, uint8 round, address sender, bytes32 root)
        external
        pure
        returns (bytes32)
    {
        return Commitments.commitment(hub, epoch, round, sender, root);
    }

    function assignmentLeaf(
        uint8 role,
        address provider,
        bytes32 modelId,
        uint256 report,
        bytes32 dataRoot,
        bytes32 salt
    ) external pure returns (bytes32) {
        return Commitments.assignmentLeaf(role, provider, modelId, report, dataRoot, salt);
    }

    function probeLeaf(uint16 i, bytes32 receiptStructHash) external pure returns (bytes32) {
        return Commitments.probeLeaf(i, receiptStructHash);
    }

    function rerunLeaf(uint8 j, bytes32 nativeHash, bytes32 wasmHash) external pure returns (bytes32) {
        return Commitments.rerunLeaf(j, nativeHash, wasmHash);
    }
}
