// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Seats} from "../../../contracts/libraries/Seats.sol";
import {IAttestationHub} from "../../../contracts/verification/IAttestationHub.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice Who sat in the redraw of a case does not judge it again, but only if it revealed there.
contract JuriesRedrawTest is CourtBase {
    function test_OnlyWhoRevealedInTheRedrawIsExcluded() public {
        settleWrong();
        bytes32 id = callJury();
        vm.warp(clock.times(juries.juryOf(id).epoch).seedTime);
        address both;
        uint8 seat;
        for (uint256 value = 0; value < 100 && both == address(0); ++value) {
            beacon.set(juries.juryOf(id).epoch, keccak256(abi.encode("jury", value)));
            (both, seat) = _inRedraw(juries.seatsOf(id));
        }
        require(both != address(0), "a juror had a redraw seat too");

        bytes memory call = abi.encodeCall(IAttestationHub.reportOf, (PROVIDER, MODEL, EPOCH, Seats.ROLE_REDRAW, seat));
        vm.mockCall(address(hub), call, abi.encode(true, uint256(0)));
        call = abi.encodeCall(IAttestationHub.needsRedraw, (PROVIDER, MODEL, EPOCH));
        vm.mockCall(address(hub), call, abi.encode(true));
        address[] memory jurors = juries.seatsOf(id);
        for (uint256 i = 0; i < jurors.length; ++i) require(jurors[i] != both, "judged before");
    }

    /// @dev The first juror with a redraw seat, and that seat.
    function _inRedraw(address[] memory jurors) private view returns (address, uint8) {
        address[] memory redraw = hub.seatsOf(PROVIDER, MODEL, EPOCH, Seats.ROLE_REDRAW);
        for (uint256 i = 0; i < jurors.length; ++i) {
            for (uint8 seat = 0; seat < redraw.length; ++seat) {
                if (redraw[seat] == jurors[i]) return (jurors[i], seat);
            }
        }
        return (address(0), 0);
    }
}
