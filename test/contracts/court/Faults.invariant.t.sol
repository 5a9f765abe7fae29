// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Demand, DemandState} from "../../../contracts/court/IDemands.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {MerkleSum} from "../../../contracts/libraries/MerkleSum.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice Demands of every kind and faults that prove themselves, in any order, and what must succeed said beforehand. The
/// court's cases have a handler of their own.
contract FaultsHandler is CourtBase {
    enum Kind {
        Sample,
        Leaf,
        Receipt,
        Forged,
        Outputs,
        Probe
    }

    struct Made {
        bytes32 id;
        Kind kind;
        uint32 seq;
        uint64 deadline;
    }

    address private constant BURN = 0x000000000000000000000000000000000000dEaD;

    Made[] private _made;
    mapping(bytes32 key => bool) private _known;
    address private _seat;
    address private _prober;
    uint256 public slashed;
    uint256 public claimed;
    /// @notice How often a demand was made, answered and failed, and a fault was proven.
    uint256[4] public came;

    /// @dev All seats say that sample 0 is wrong, and have committed that it is right.
    function begin() external {
        setUp();
        openEpoch();
        reveal(rerunReport(48, 1));
        _seat = rerunOf().verifier;
        _prober = probesOf(probeReport(22)).verifier;
        asset.mint(address(this), 1e30);
        asset.approve(address(demands), 1e30);
    }

    /// @dev Probe seats have the receipt of number 0 alone.
    function dataRootOf(address who, uint8 role) internal view override returns (bytes32) {
        return role == 0 ? Commitments.probeLeaf(0, Receipts.structHash(receiptOf(EPOCH, 0))) : super.dataRootOf(who, role);
    }

    /* HELP */

    function disputable() private view returns (bool) {
        return block.timestamp < demands.disputeEnd(PROVIDER, MODEL, EPOCH);
    }

    function atStake() private view returns (uint256) {
        uint256 both = pool.slashableNow(PROVIDER) + pool.slashableNow(_seat);
        return _prober == _seat ? both : both + pool.slashableNow(_prober);
    }

    /// @dev Does what is predicted, and counts what it takes of anybody's stake.
    function attempt(address room, bytes memory call, bool predicted, string memory what)
        private
        returns (bytes memory result)
    {
        uint256 before = atStake();
        bool ok;
        (ok, result) = room.call(call);
        require(ok == predicted, what);
        slashed += before - atStake();
    }

    function receipt(Kind kind, uint32 seq) private pure returns (Receipts.Receipt memory r) {
        r = receiptOf(EPOCH, seq);
        if (kind == Kind.Forged) r.latencyMs = 999;
    }

    /* ACTIONS */

    function warp(uint256 secs) external {
        vm.warp(block.timestamp + secs % 150 + 1);
    }

    function settleNext() external {
        (bool found, uint64 epoch) = hub.nextToSettle(PROVIDER, MODEL);
        bool predicted = found && block.timestamp >= clock.times(epoch).revealEnd;
        attempt(address(hub), abi.encodeCall(hub.settle, (PROVIDER, MODEL)), predicted, "settle");
    }

    /// @notice 17: a closed pool stops no demand, answer, failure or fault.
    function pause(uint256 choice) external {
        manager.setTargetClosed(address(pool), choice % 2 == 0);
    }

    function demand(uint256 choice, uint32 seq) external {
        Kind kind = Kind(choice % 6);
        seq %= LEAVES + 2;
        if (kind >= Kind.Outputs) seq %= 3;
        bytes memory call = demandCall(kind, seq);
        bytes32 key = keccak256(abi.encode(kind, kind == Kind.Sample ? positionOf(EPOCH, uint8(seq)) : seq));
        bool predicted = disputable() && !_known[key];
        if (kind == Kind.Leaf) predicted = predicted && seq < LEAVES;
        bytes memory result = attempt(address(demands), call, predicted, "demand");
        if (!predicted) return;
        _known[key] = true;
        bytes32 id = abi.decode(result, (bytes32));
        bool beyond = (kind == Kind.Receipt || kind == Kind.Forged) && seq >= LEAVES;
        require((demands.demandOf(id).state == DemandState.Failed) == beyond, "a number beyond the log fails at once");
        _made.push(Made(id, kind, seq, demands.demandOf(id).deadline));
        ++came[0];
    }

    function demandCall(Kind kind, uint32 seq) private view returns (bytes memory) {
        if (kind == Kind.Sample) return abi.encodeCall(demands.demandSample, (PROVIDER, MODEL, EPOCH, uint8(seq)));
        if (kind == Kind.Outputs) return abi.encodeCall(demands.demandOutputs, (rerunOf(), uint8(seq)));
        if (kind == Kind.Probe) return abi.encodeCall(demands.demandProbe, (probesOf(probeReport(22)), uint16(seq)));
        Receipts.Receipt memory r = receipt(kind, seq);
        bytes memory signature = sign(OPERATOR_KEY, r);
        if (kind == Kind.Leaf) return abi.encodeCall(demands.demandLeaf, (r, signature));
        return abi.encodeCall(demands.demandReceipt, (r, signature));
    }

    /// @notice Answered if it can be: a forged receipt is in no log, and a seat has one sample's outputs and one receipt only.
    function answer(uint256 which) external {
        if (_made.length == 0) return;
        Made memory made = _made[which % _made.length];
        bool predicted = demands.demandOf(made.id).state == DemandState.Open && block.timestamp < made.deadline;
        if (made.kind == Kind.Forged) predicted = false;
        if (made.kind >= Kind.Outputs) predicted = predicted && made.seq == 0;
        attempt(address(demands), answerCall(made), predicted, "answer");
        if (predicted) ++came[1];
    }

    function answerCall(Made memory made) private view returns (bytes memory) {
        if (made.kind == Kind.Outputs) {
            bytes memory own = ownOutputs();
            return abi.encodeCall(demands.answerOutputs, (made.id, own, own, new bytes32[](0)));
        }
        if (made.kind == Kind.Probe) {
            Receipts.Receipt memory r = receiptOf(EPOCH, made.seq);
            return abi.encodeCall(demands.answerProbe, (made.id, r, sign(OPERATOR_KEY, r), new bytes32[](0)));
        }
        if (made.kind == Kind.Receipt || made.kind == Kind.Forged) {
            uint32 seq = made.seq % LEAVES;
            (, MerkleSum.Node[] memory path) = treeOf(EPOCH, seq);
            return abi.encodeCall(demands.answerReceipt, (made.id, receipt(made.kind, made.seq), saltOf(seq), path));
        }
        uint32 leaf = made.seq;
        if (made.kind == Kind.Sample) leaf = uint32(demands.demandOf(made.id).place / LEAF_UNITS);
        return abi.encodeCall(demands.answerLeaf, (made.id, proofOf(EPOCH, leaf), openingOf(leaf)));
    }

    function fail(uint256 which) external {
        if (_made.length == 0) return;
        Made memory made = _made[which % _made.length];
        bool predicted = demands.demandOf(made.id).state == DemandState.Open && block.timestamp >= made.deadline;
        attempt(address(demands), abi.encodeCall(demands.fail, (made.id)), predicted, "fail");
        if (predicted) ++came[2];
    }

    function equivocation(uint32 seq) external {
        seq %= LEAVES;
        Receipts.Receipt memory a = receipt(Kind.Receipt, seq);
        Receipts.Receipt memory b = receipt(Kind.Forged, seq);
        bytes memory call = abi.encodeCall(
            faults.equivocation, (a, sign(OPERATOR_KEY, a), b, sign(OPERATOR_KEY, b))
        );
        once(keccak256(abi.encode("equivocation", seq)), call, disputable());
        require(!_known[keccak256(abi.encode("equivocation", seq))] || providers.isBanned(OPERATOR), "banned");
    }

    /// @dev Epochs from 3 on have no log.
    function missingLog(uint256 choice) external {
        uint64 epoch = EPOCH + uint64(choice % 3);
        bool predicted = epoch > EPOCH && block.timestamp >= clock.times(epoch).logEnd
            && block.timestamp < faults.disputeEnd(PROVIDER, MODEL, epoch);
        bytes memory call = abi.encodeCall(faults.missingLog, (PROVIDER, MODEL, epoch));
        once(keccak256(abi.encode("missing", epoch)), call, predicted);
    }

    function refuted() external {
        uint32 seq = uint32(positionOf(EPOCH, 0) / LEAF_UNITS);
        bytes32 own = ownHash();
        bytes memory call = abi.encodeCall(
            faults.refutedVerdict,
            (rerunOf(), 0, own, own, new bytes32[](0), proofOf(EPOCH, seq), saltOf(seq), sha256(outputsOf(seq)))
        );
        once("refuted", call, disputable());
    }

    /// @dev A fault is punished once, ever.
    function once(bytes32 key, bytes memory call, bool predicted) private {
        predicted = predicted && !_known[key];
        attempt(address(faults), call, predicted, "fault");
        if (!predicted) return;
        _known[key] = true;
        ++came[3];
    }

    /// @notice 17: a claim is paid whatever is closed.
    function claim(uint256 who) external {
        address[5] memory payees = [PROVIDER, CLIENT, RESERVE, BURN, address(this)];
        address payee = who % 6 == 5 ? (who % 12 == 5 ? _seat : _prober) : payees[who % 5];
        if (penalties.owed(payee) > 0) claimed += penalties.claim(payee);
        if (demands.owed(payee) > 0) demands.claim(payee);
        require(penalties.owed(payee) + demands.owed(payee) == 0, "13: paid once");
    }

    /* INVARIANTS */

    function check() external view {
        uint256 waiting = 0;
        for (uint256 i = 0; i < _made.length; ++i) {
            Demand memory d = demands.demandOf(_made[i].id);
            if (d.state == DemandState.Open) waiting += DEMAND_BOND;
            eq(d.deadline, _made[i].deadline, "25: deadlines");
        }
        eq(asset.balanceOf(address(demands)), demands.totalOwed() + waiting, "13: bonds of demands");
        eq(asset.balanceOf(address(penalties)), penalties.totalOwed(), "14: what is slashed is owed");
        eq(penalties.totalOwed() + claimed, slashed, "14: and nothing else");
    }
}

contract FaultsInvariantTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    FaultsHandler private handler;

    function setUp() public {
        handler = new FaultsHandler();
        handler.begin();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory out) {
        bytes4[12] memory all = [
            FaultsHandler.demand.selector,
            FaultsHandler.demand.selector,
            FaultsHandler.demand.selector,
            FaultsHandler.answer.selector,
            FaultsHandler.fail.selector,
            FaultsHandler.equivocation.selector,
            FaultsHandler.missingLog.selector,
            FaultsHandler.refuted.selector,
            FaultsHandler.claim.selector,
            FaultsHandler.settleNext.selector,
            FaultsHandler.pause.selector,
            FaultsHandler.warp.selector
        ];
        out = new FuzzSelector[](1);
        out[0] = FuzzSelector(address(handler), new bytes4[](all.length));
        for (uint256 i = 0; i < all.length; ++i) out[0].selectors[i] = all[i];
    }

    /// @notice What the handler checks does come about, else it would check nothing.
    function test_TheHandlerGetsEverywhere() public {
        for (uint256 i = 0; i < 40; ++i) {
            handler.demand(i, uint32(i));
            handler.answer(i % 7);
            handler.fail(i % 5);
            handler.equivocation(uint32(i));
            handler.missingLog(i);
            handler.refuted();
            handler.warp(i);
            handler.check();
        }
        for (uint256 i = 0; i < 4; ++i) require(handler.came(i) > 0, "never reached");
    }

    /// @notice Invariants 13, 14, 17 and 25 of docs/protocol.md section 10.
    function invariant_faults() public view {
        handler.check();
    }
}
