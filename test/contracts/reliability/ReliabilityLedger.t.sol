// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochEntry} from "../../../contracts/reliability/IReliabilityLedger.sol";
import {System} from "../System.sol";

contract ReliabilityLedgerTest is System {
    /// @notice A settled epoch is told however bad it was: a provider that kept silent until its score was nothing has
    /// missing logs in its record, not unsettled epochs.
    function test_AnEpochWithoutScoreIsStillSettled() public {
        openMarket(2, 60);
        uint64 epoch = 2;
        do settle(epoch++); while (ledger.reliability(PROVIDER, MODEL).score > 0 && epoch < 60);
        eq(ledger.reliability(PROVIDER, MODEL).score, 0, "a score of nothing");
        EpochEntry memory entry = ledger.epochAt(PROVIDER, MODEL, epoch - 1);
        eq(entry.epoch, epoch - 1, "settled");
        eq(entry.probes, 64, "all probes failed");
    }
}
