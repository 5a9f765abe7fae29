// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Case, CaseState} from "../../../contracts/court/IDisputeCourt.sol";
import {DemandState} from "../../../contracts/court/IDemands.sol";
import {Opening, Proof} from "../../../contracts/court/IEvidence.sol";
import {Jury} from "../../../contracts/court/IJuries.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice Does everything that can be done in court, in any order, and says beforehand what must succeed.
contract CourtHandler is CourtBase {
    uint256 private constant BURN = 0xdEaD;

    uint256 private _wrong;
    mapping(uint32 seq => uint256) private _positions;
    mapping(uint32 seq => CaseState) public ended;
    mapping(uint32 seq => Jury) private _called;
    mapping(uint32 seq => uint256) public paid;
    bytes32[] public made;
    uint256 public confirmed;
    uint256 public settled;
    uint256 public slashed;
    uint256 public claimed;
    /// @notice Cases that ended in one transaction with others.
    uint256 public together;
    /// @notice Seats that were refuted, all in all and for each leaf.
    uint256 public accusers;
    mapping(uint32 seq => mapping(uint8 seat => bool)) public refuted;
    /// @notice Whether governance has paused the court.
    bool public paused;

    /// @dev Leaves 0 to 3 are wrong, the others are not.
    function begin() external {
        setUp();
        openEpoch();
        for (uint32 seq = 0; seq < 4; ++seq) {
            _wrong |= bitsOf(EPOCH, seq);
            _positions[seq] = distinct(seq);
        }
        reveal(rerunReport(48, _wrong));
        settle(EPOCH);
        asset.mint(address(this), 1e30);
        asset.approve(address(court), 1e30);
        asset.approve(address(demands), 1e30);
    }

    function distinct(uint32 seq) private view returns (uint256 count) {
        uint256[] memory known = new uint256[](48);
        for (uint8 j = 0; j < 48; ++j) {
            uint256 position = positionOf(EPOCH, j);
            bool counts = position / LEAF_UNITS == seq;
            for (uint256 i = 0; i < count && counts; ++i) counts = known[i] != position;
            if (counts) known[count++] = position;
        }
    }

    function id(uint32 seq) public view returns (bytes32) {
        return court.caseId(PROVIDER, MODEL, EPOCH, seq);
    }

    function stateOf(uint32 seq) private view returns (CaseState) {
        return court.caseOf(id(seq)).state;
    }

    function disputeEnd() private view returns (uint256) {
        return court.disputeEnd(PROVIDER, MODEL, EPOCH);
    }

    function isFree(uint32 seq) private pure returns (bool) {
        return seq < 4;
    }

    function attempt(address room, bytes memory call, bool predicted, string memory what) private {
        (bool ok,) = room.call(call);
        require(ok == predicted, what);
    }

    /* ACTIONS */

    function warp(uint256 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 120 + 1);
    }

    function pause(bool on) external {
        manager.setTargetClosed(address(court), on);
        paused = on;
    }

    function _canOpen(uint32 seq, uint256 end) private view returns (bool) {
        return !paused && !isFree(seq) && stateOf(seq) == CaseState.None && block.timestamp < end;
    }

    function open(uint32 seq) external {
        seq %= LEAVES;
        uint256 end = demands.openedUntil(PROVIDER, MODEL, EPOCH, seq);
        if (distinct(seq) > 0 && disputeEnd() > end) end = disputeEnd();
        bool predicted = _canOpen(seq, end);
        attempt(address(court), abi.encodeCall(court.open, (proofOf(EPOCH, seq))), predicted, "open");
    }

    /// @dev With the output that the leaf seals, or with another one that the operator signed too.
    function openReceipt(uint32 seq, bool another) external {
        seq %= LEAVES;
        Receipts.Receipt memory receipt = receiptOf(EPOCH, seq);
        if (another) receipt.outputHash = keccak256("what the client got");
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        bytes memory call = abi.encodeCall(court.openReceipt, (proofOf(EPOCH, seq), receipt, signature));
        attempt(address(court), call, _canOpen(seq, disputeEnd()), "open a receipt");
    }

    function callJury(uint32 seq) external {
        seq %= LEAVES;
        Case memory c = court.caseOf(id(seq));
        bool canDefend = c.outputHash == 0 || c.outputHash == sha256(outputsOf(seq));
        bool predicted = c.state == CaseState.Open && block.timestamp < c.answerEnd && canDefend;
        predicted = predicted || (isFree(seq) && c.state == CaseState.None && block.timestamp < disputeEnd());
        attempt(
            address(court), abi.encodeCall(court.callJury, (proofOf(EPOCH, seq), openingOf(seq))), predicted, "call jury"
        );
        if (predicted) _called[seq] = juries.juryOf(id(seq));
    }

    /// @dev All juries of the next epoch that has one sit, from the seed to the last second of their time or beyond it. Each
    /// seat's vote and whether it reveals are two bits of `choice`; half of all choices are a jury of one mind.
    function sit(uint256 choice, uint256 over) external {
        Jury memory jury = _nextJury();
        if (jury.start == 0) return;
        vm.warp(jury.start);
        beacon.set(jury.epoch, keccak256(abi.encode(choice)));
        if (choice % 2 == 0) choice = choice % 4 == 0 ? type(uint256).max : type(uint256).max / 3 * 2;
        for (uint32 seq = 0; seq < LEAVES; ++seq) if (_called[seq].epoch == jury.epoch) _vote(seq, choice, true);
        vm.warp(jury.commitEnd);
        for (uint32 seq = 0; seq < LEAVES; ++seq) if (_called[seq].epoch == jury.epoch) _vote(seq, choice, false);
        vm.warp(jury.revealEnd - 1 + over % 2);
    }

    function _nextJury() private view returns (Jury memory jury) {
        for (uint32 seq = 0; seq < LEAVES; ++seq) {
            jury = _called[seq];
            (bytes32 seed,) = beacon.seedOf(jury.epoch);
            if (jury.start > block.timestamp && seed == 0) return jury;
        }
        delete jury;
    }

    function _vote(uint32 seq, uint256 choice, bool commits) private {
        bytes32 case_ = id(seq);
        address[] memory seats = juries.seatsOf(case_);
        for (uint8 i = 0; i < seats.length; ++i) {
            if (seats[i] == address(0)) continue;
            uint256 bits = choice >> (2 * i + 2);
            uint8 vote = bits & 1 == 0 ? ACQUIT : CONVICT;
            bytes32 commitment = ballot(case_, seats[i], vote);
            if (!commits && bits & 2 == 0) continue;
            vm.prank(seats[i]);
            if (commits) juries.commit(case_, i, commitment);
            else juries.reveal(case_, vote, "output", "salt");
        }
    }

    function close(uint32 seq) external {
        seq %= LEAVES;
        Case memory c = court.caseOf(id(seq));
        bool predicted = c.state == CaseState.Open && block.timestamp >= c.answerEnd;
        predicted = predicted || (c.state == CaseState.Tried && block.timestamp >= _called[seq].revealEnd);
        _end(seq, abi.encodeCall(court.close, (id(seq))), predicted);
    }

    function closeFree(uint32 seq) external {
        seq %= LEAVES;
        bool predicted = isFree(seq) && stateOf(seq) == CaseState.None && block.timestamp >= disputeEnd();
        _end(seq, abi.encodeCall(court.closeFree, (proofOf(EPOCH, seq))), predicted);
    }

    /// @dev Free cases from `first` on that are over, in one transaction; with one that is not, none ends.
    function closeTogether(uint32 first, bool all) external {
        bytes[] memory calls = new bytes[](4);
        uint256 count = 0;
        bool over = block.timestamp >= disputeEnd();
        for (uint32 seq = first % 4; seq < 4; ++seq) {
            if (!all && stateOf(seq) != CaseState.None) continue;
            over = over && stateOf(seq) == CaseState.None;
            calls[count++] = abi.encodeCall(court.closeFree, (proofOf(EPOCH, seq)));
        }
        assembly ("memory-safe") {
            mstore(calls, count)
        }
        if (count == 0) return;
        uint256 stake = pool.slashableNow(PROVIDER);
        attempt(address(court), abi.encodeCall(court.multicall, (calls)), over, "close together");
        if (!over) return;
        together += count;
        confirmed += count;
        slashed += stake - pool.slashableNow(PROVIDER);
        for (uint32 seq = first % 4; seq < 4; ++seq) {
            if (stateOf(seq) == CaseState.Confirmed) ended[seq] = CaseState.Confirmed;
        }
    }

    function _end(uint32 seq, bytes memory call, bool predicted) private {
        uint256 stake = pool.slashableNow(PROVIDER);
        attempt(address(court), call, predicted, "close");
        if (!predicted) return;
        ended[seq] = stateOf(seq);
        uint256 taken = stake - pool.slashableNow(PROVIDER);
        slashed += taken;
        bool guilty = ended[seq] == CaseState.Confirmed;
        if (guilty) ++confirmed;
        require((taken > 0) == guilty, "who is not convicted loses nothing");
        Jury memory jury = juries.juryOf(id(seq));
        if (jury.start == 0) return;
        require(guilty == (jury.convictions >= 4), "convicted by four");
        require((ended[seq] == CaseState.Mistrial) == (jury.revealed < 4), "mistrial below two thirds");
    }

    /// @dev All seats called leaves 0 to 3 wrong. Who did is punished once for each that four of five jurors acquit.
    function refuteAccuser(uint32 seq, uint8 seat) external {
        seq %= LEAVES;
        seat %= 6;
        Jury memory jury = juries.juryOf(id(seq));
        bool predicted = isFree(seq) && ended[seq] == CaseState.Acquitted && jury.acquittals >= 4 && seat < 5
            && !refuted[seq][seat] && block.timestamp < jury.revealEnd + clock.windows(jury.epoch).disputeWindow;
        address verifier = seat < 5 ? hub.seatsOf(PROVIDER, MODEL, EPOCH, 1)[seat] : address(0);
        (uint256 stake, uint256 held) = (pool.slashableNow(verifier), asset.balanceOf(address(court)));
        attempt(address(court), abi.encodeCall(court.refuteAccuser, (id(seq), 1, seat)), predicted, "refute");
        if (!predicted) return;
        refuted[seq][seat] = true;
        ++accusers;
        slashed += stake - pool.slashableNow(verifier);
        claimed += asset.balanceOf(address(court)) - held;
        require(pool.slashableNow(verifier) < stake, "who accused falsely loses something");
    }

    function payJuror(uint32 seq, uint256 seat) external {
        seq %= LEAVES;
        if (ended[seq] == CaseState.None || _called[seq].start == 0) return;
        address[] memory seats = juries.seatsOf(id(seq));
        if (seats.length == 0) return;
        address juror = seats[seat % seats.length];
        uint256 owed = court.owed(juror);
        (bool ok,) = address(court).call(abi.encodeCall(court.payJuror, (id(seq), juror)));
        if (ok) ++paid[seq];
        require(court.owed(juror) - owed == (ok ? court.perJuror(id(seq)) : 0), "a juror's part");
    }

    function demand(uint8 j) external {
        j %= 48;
        bool predicted = block.timestamp < disputeEnd();
        (bool ok, bytes memory result) =
            address(demands).call(abi.encodeCall(demands.demandSample, (PROVIDER, MODEL, EPOCH, j)));
        if (ok) made.push(abi.decode(result, (bytes32)));
        require(predicted || !ok, "demand");
    }

    function answer(uint256 which) external {
        if (made.length == 0) return;
        bytes32 demandId = made[which % made.length];
        uint32 seq = uint32(demands.demandOf(demandId).place / LEAF_UNITS);
        bool predicted = demands.demandOf(demandId).state == DemandState.Open
            && block.timestamp < demands.demandOf(demandId).deadline;
        bytes memory call = abi.encodeCall(demands.answerLeaf, (demandId, proofOf(EPOCH, seq), openingOf(seq)));
        attempt(address(demands), call, predicted, "answer");
    }

    function fail(uint256 which) external {
        if (made.length == 0) return;
        bytes32 demandId = made[which % made.length];
        bool predicted = demands.demandOf(demandId).state == DemandState.Open
            && block.timestamp >= demands.demandOf(demandId).deadline;
        uint256 stake = pool.slashableNow(PROVIDER);
        attempt(address(demands), abi.encodeCall(demands.fail, (demandId)), predicted, "fail");
        slashed += stake - pool.slashableNow(PROVIDER);
    }

    function claim(uint256 who) external {
        address[5] memory payees = [PROVIDER, CLIENT, RESERVE, address(uint160(BURN)), address(this)];
        address payee = payees[who % 5];
        if (penalties.owed(payee) > 0) claimed += penalties.claim(payee);
        if (court.owed(payee) > 0) court.claim(payee);
        if (demands.owed(payee) > 0) demands.claim(payee);
    }

    /// @dev Invariant 24: the record takes a bad sample if a case was confirmed since the last settlement, and none else.
    function settleNext() external {
        uint256 before = ledger.record(PROVIDER, MODEL).correct.slowTotal();
        (bool ok,) = address(hub).call(abi.encodeCall(hub.settle, (PROVIDER, MODEL)));
        if (!ok) return;
        bool moved = ledger.record(PROVIDER, MODEL).correct.slowTotal() != before;
        require(moved == (confirmed > settled), "24: only what was confirmed");
        settled = confirmed;
    }

    /* INVARIANTS */

    function check() external view {
        uint256 held = 0;
        uint256 open_ = 0;
        for (uint32 seq = 0; seq < LEAVES; ++seq) {
            Case memory c = court.caseOf(id(seq));
            uint256 bonded = c.challenger == address(0) ? 0 : 1;
            if (c.state == CaseState.Open) held += CASE_BOND;
            if (c.state == CaseState.Tried) held += (1 + bonded) * CASE_BOND;
            if (court.perJuror(id(seq)) > 0) held += court.perJuror(id(seq)) * (juries.juryOf(id(seq)).revealed - paid[seq]);
            if (c.state == CaseState.Open || c.state == CaseState.Tried) open_ += c.positions;
            if (c.state == CaseState.None && isFree(seq)) open_ += _positions[seq];
            // 13: a case ends once.
            require(ended[seq] == CaseState.None || c.state == ended[seq], "13: an end is an end");
            // 25: what has begun keeps its times.
            Jury memory jury = juries.juryOf(id(seq));
            require(
                jury.start == _called[seq].start && jury.commitEnd == _called[seq].commitEnd
                    && jury.revealEnd == _called[seq].revealEnd,
                "25: times"
            );
        }
        eq(asset.balanceOf(address(court)), court.totalOwed() + held, "13: bonds of cases");
        uint256 waiting = 0;
        for (uint256 i = 0; i < made.length; ++i) {
            if (demands.demandOf(made[i]).state == DemandState.Open) waiting += DEMAND_BOND;
        }
        eq(asset.balanceOf(address(demands)), demands.totalOwed() + waiting, "13: bonds of demands");
        eq(asset.balanceOf(address(penalties)), penalties.totalOwed(), "14: what is slashed is owed");
        eq(penalties.totalOwed() + claimed, slashed, "14: and nothing else");
        eq(ledger.reliability(PROVIDER, MODEL).openCases, open_, "24: open cases");
    }
}

contract CourtInvariantTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    CourtHandler private handler;

    function setUp() public {
        handler = new CourtHandler();
        handler.begin();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory out) {
        bytes4[16] memory all = [
            CourtHandler.pause.selector,
            CourtHandler.openReceipt.selector,
            CourtHandler.closeTogether.selector,
            CourtHandler.refuteAccuser.selector,
            CourtHandler.open.selector,
            CourtHandler.callJury.selector,
            CourtHandler.sit.selector,
            CourtHandler.close.selector,
            CourtHandler.closeFree.selector,
            CourtHandler.payJuror.selector,
            CourtHandler.demand.selector,
            CourtHandler.answer.selector,
            CourtHandler.fail.selector,
            CourtHandler.claim.selector,
            CourtHandler.settleNext.selector,
            CourtHandler.warp.selector
        ];
        out = new FuzzSelector[](1);
        out[0] = FuzzSelector(address(handler), new bytes4[](all.length));
        for (uint256 i = 0; i < all.length; ++i) out[0].selectors[i] = all[i];
    }

    /// @notice False accusers are refuted here too, else nothing would be checked of them.
    function test_TheHandlerRefutesAccusers() public {
        handler.callJury(1);
        handler.sit(2, 1);
        handler.close(1);
        for (uint8 seat = 0; seat < 6; ++seat) handler.refuteAccuser(1, seat);
        handler.refuteAccuser(1, 2);
        handler.refuteAccuser(6, 2);
        handler.check();
        require(handler.accusers() == 5, "all five seats");
    }

    /// @notice So are cases that end together, receipts, and pauses.
    function test_TheHandlerClosesTogether() public {
        handler.pause(true);
        handler.openReceipt(5, true);
        handler.pause(false);
        handler.openReceipt(5, true);
        handler.openReceipt(6, false);
        handler.callJury(5);
        handler.callJury(6);
        handler.callJury(1);
        handler.pause(true);
        handler.sit(2, 1);
        for (uint256 i = 0; i < 200 && handler.together() == 0; ++i) {
            handler.warp(119);
            handler.closeTogether(0, true);
            handler.closeTogether(0, false);
        }
        for (uint32 seq = 0; seq < 8; ++seq) handler.close(seq);
        handler.check();
        require(handler.together() == 3, "all but the one that was tried");
        require(handler.confirmed() == 4, "and the one that could not be defended");
    }

    /// @notice Invariants 13, 14, 24 and 25 of docs/protocol.md section 10.
    function invariant_court() public view {
        handler.check();
    }
}
