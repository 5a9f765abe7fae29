// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttendance} from "../../../contracts/court/IAttendance.sol";
import {IEvidence} from "../../../contracts/court/IEvidence.sol";
import {Times} from "../../../contracts/epoch/IEpochClock.sol";
import {IVerifierRegistry} from "../../../contracts/registry/IVerifierRegistry.sol";
import {vm} from "../Vm.sol";
import {HubHandler} from "./HubHandler.sol";

/// @notice The market whose verifiers are held to their duties: misses noted, verifiers ejected, their tickets taken back.
abstract contract DutyHandler is HubHandler {
    address private constant CHALLENGER = address(0xC4);

    /// @dev Epochs whose miss was noted.
    mapping(address verifier => uint64[]) private _misses;
    /// @notice How often a miss was noted, a verifier ejected, and an ejected one's ticket taken back.
    uint256[3] public seen;

    /* ACTIONS */

    /// @notice 11: who held a seat and did not reveal has missed, once an epoch, and nobody else has.
    function note(uint256 choice) external {
        uint256 i = choice % RECORDS;
        uint64 back = uint64(mix(choice, 1) % 4);
        uint64 e = now_() > back ? now_() - back : 0;
        uint8 role = uint8(mix(choice, 2) % 3);
        uint8 seat = seatOf(i, e, role, mix(choice, 3));
        bytes memory call = abi.encodeCall(attendance.noteSeat, (provider(holderOf(i)), modelOf(i), e, role, seat));
        bytes memory wrong_ = excuse(i, e, role, seat);
        if (wrong_.length > 0) return refuses(CHALLENGER, address(attendance), call, wrong_);
        missed(seatsOf(i, e, role)[seat], e, call);
    }

    /// @dev Any seat, or the next one that was held and said nothing.
    function seatOf(uint256 i, uint64 e, uint8 role, uint256 choice) private view returns (uint8) {
        uint256 count = role == REDRAW ? 9 : 5;
        uint256 seat = choice % count;
        for (uint256 s = seat; choice % 8 > 0 && s < seat + count; ++s) {
            if (seated[i][e][role][s % count] != address(0) && !shown[i][e][role][s % count]) return uint8(s % count);
        }
        return uint8(seat);
    }

    /// @notice Whose tickets are taken back: of an ejected verifier all, else what its stake no longer covers.
    function takeBack(uint256 choice) external {
        address who = crew[choice % 6];
        uint256 index = mix(choice, 1) % places.length;
        while (places[index].verifier != who || places[index].until != EVER) {
            if (++index >= places.length) return;
        }
        uint256[] memory one = new uint256[](1);
        one[0] = index;
        bytes memory call = abi.encodeCall(verifiers.takeBack, (who, one));
        bool ejected = now_() < ejectedUntil[who];
        if (!ejected && pool.stakeOf(who) >= pool.locked(who)) {
            bytes memory backed = abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryBacked.selector, 1, 0);
            return refuses(CHALLENGER, address(verifiers), call, backed);
        }
        vm.prank(CHALLENGER);
        verifiers.takeBack(who, one);
        places[index].until = now_() + 2;
        --held[who];
        if (ejected) ++seen[2];
    }

    /* THE RULES AGAIN */

    /// @dev Why a miss cannot be noted, in the order in which it is asked; empty if it can.
    function excuse(uint256 i, uint64 e, uint8 role, uint8 seat) private view returns (bytes memory) {
        Times memory t = clock.times(e);
        uint256 over = role == REDRAW ? t.redrawEnd : t.revealEnd;
        if (block.timestamp < over) {
            return abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, block.timestamp, over);
        }
        (bool promised,) = promisedAt(i, e);
        bool idle = !promised || (role != PROBE && logs[i][e].m == 0);
        bytes memory noDuty = abi.encodeWithSelector(IAttendance.AttendanceNoDuty.selector, role);
        if (idle) return noDuty;
        uint64 from = role != PROBE ? e : e < 2 ? 0 : e - 2;
        (bytes32 seed, uint64 drawnAt) = beacon.seedOf(from);
        if (seed == 0) return abi.encodeWithSelector(IEvidence.EvidenceNoSeed.selector, from);
        uint256 latest_ = role == PROBE ? t.start : t.openEnd;
        if (drawnAt > latest_) {
            return abi.encodeWithSelector(IAttendance.AttendanceLateSeed.selector, drawnAt, latest_);
        }
        if (role == REDRAW && !lacksQuorum(i, e)) return noDuty;
        return excuseOfSeat(i, e, role, seat);
    }

    function excuseOfSeat(uint256 i, uint64 e, uint8 role, uint8 seat) private view returns (bytes memory) {
        uint256 end = disputeEnd(i, e);
        if (block.timestamp >= end) {
            return abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, block.timestamp, end);
        }
        address holder = seatsOf(i, e, role)[seat];
        if (holder == address(0)) return abi.encodeWithSelector(IAttendance.AttendanceEmptySeat.selector, role, seat);
        if (shown[i][e][role][seat]) {
            return abi.encodeWithSelector(IAttendance.AttendanceRevealed.selector, role, seat);
        }
        if (isNoted(holder, e)) return abi.encodeWithSelector(IAttendance.AttendanceNoted.selector, holder, e);
        return "";
    }

    /// @dev Open while the epoch waits for its settlement, and by as much longer as that came late.
    function disputeEnd(uint256 i, uint64 e) private view returns (uint256) {
        Times memory t = clock.times(e);
        uint256 settledAt = hub.settledAt(provider(holderOf(i)), modelOf(i), e);
        require((settledAt == 0) == (e >= cursor[i]), "21: settled up to the cursor");
        if (settledAt == 0) return type(uint64).max;
        return settledAt > t.settleEnd ? settledAt + t.disputeEnd - t.settleEnd : t.disputeEnd;
    }

    function missed(address holder, uint64 e, bytes memory call) private {
        uint256 stake = pool.slashableNow(holder);
        vm.prank(CHALLENGER);
        (bool ok, bytes memory result) = address(attendance).call(call);
        require(ok, "a miss was not noted");
        uint256 taken = abi.decode(result, (uint256));
        eq(stake - pool.slashableNow(holder), taken, "7: what was taken is gone");
        // Of the active and of the leaving pool, each rounded up.
        require(taken >= stake / 100 && taken <= stake / 100 + 2, "7: one per cent, where no pay is due");
        _misses[holder].push(e);
        ++seen[0];
        if (ejects(holder, e)) {
            ++seen[1];
            if (now_() + 30 > ejectedUntil[holder]) ejectedUntil[holder] = now_() + 30;
        }
        eq(verifiers.ejectedUntil(holder), ejectedUntil[holder], "ejected until");
    }

    function isNoted(address who, uint64 e) private view returns (bool) {
        for (uint256 n = 0; n < _misses[who].length; ++n) if (_misses[who][n] == e) return true;
        return false;
    }

    /// @dev Whether `e` is one of three misses within thirty epochs.
    function ejects(address who, uint64 e) private view returns (bool) {
        for (uint64 first = e < 29 ? 0 : e - 29; first <= e; ++first) {
            uint256 count = 0;
            for (uint256 n = 0; n < _misses[who].length; ++n) {
                if (first <= _misses[who][n] && _misses[who][n] < first + 30) ++count;
            }
            if (count >= 3) return true;
        }
        return false;
    }
}
