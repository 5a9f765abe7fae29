// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Reveal} from "../../../contracts/verification/IAttestationHub.sol";
import {Reveals} from "../Reveals.sol";
import {MarketHandler} from "./MarketHandler.sol";
import {NaiveMarket} from "./NaiveMarket.sol";

/// @notice The seats of every epoch drawn again, and what whoever holds them says in each of the two rounds.
abstract contract SeatModel is MarketHandler {
    struct Logged {
        bool exists;
        uint8 m;
        uint64 units;
    }

    uint8 internal constant PROBE = 0;
    uint8 internal constant RERUN = 1;
    uint8 internal constant REDRAW = 2;

    mapping(uint256 i => mapping(uint64 epoch => Logged)) internal logs;
    mapping(uint64 epoch => uint256) internal choices;
    mapping(uint64 epoch => mapping(uint8 round => mapping(address verifier => bool))) internal committed;
    mapping(uint64 epoch => mapping(uint8 round => mapping(address verifier => bool))) internal revealed;
    /// @dev By role.
    mapping(uint256 i => mapping(uint64 epoch => address[9][3])) internal seated;
    mapping(uint256 i => mapping(uint64 epoch => bool[9][3])) internal shown;
    mapping(uint256 i => mapping(uint64 epoch => uint256[9][3])) internal reports;

    /* SEATS */

    function seedOf(uint64 e, uint8 role) internal view returns (bytes32 seed) {
        if (role == PROBE) {
            if (e >= 2) (seed,) = beacon.seedOf(e - 2);
            return seed;
        }
        uint64 drawnAt;
        (seed, drawnAt) = beacon.seedOf(e);
        if (drawnAt >= clock.times(e).commitEnd) seed = 0;
    }

    /// @notice 22: the seats of all committees of every record, drawn again.
    function seatAll(uint64 e) internal {
        for (uint256 i = 0; i < RECORDS; ++i) {
            for (uint8 role = PROBE; role <= REDRAW; ++role) seated[i][e][role] = seatsOf(i, e, role);
        }
    }

    function seatsOf(uint256 i, uint64 e, uint8 role) internal view returns (address[9] memory seats) {
        bytes32 seed = seedOf(e, role);
        address[] memory chain = hub.seatsOf(provider(holderOf(i)), modelOf(i), e, role);
        uint256 count = seed == 0 ? 0 : role == REDRAW ? 9 : 5;
        eq(chain.length, count, "22: seats");
        if (seed == 0) return seats;
        seats = NaiveMarket.seats(
            places,
            e < 2 ? 0 : lengthAt(e - 2),
            count,
            NaiveMarket.Draw(seed, provider(holderOf(i)), modelOf(i), e, role, at(owners[holderOf(i)], e))
        );
        for (uint256 s = 0; s < count; ++s) eq(chain[s], seats[s], "22: seat");
    }

    /// @dev Something was sampled, the seed came in time, and fewer than three re-runs were shown.
    function lacksQuorum(uint256 i, uint64 e) internal view returns (bool) {
        if (logs[i][e].m == 0 || seedOf(e, REDRAW) == 0) return false;
        uint256 count = 0;
        for (uint8 seat = 0; seat < 5; ++seat) if (shown[i][e][RERUN][seat]) ++count;
        return count < 3;
    }

    /* REPORTS */

    /// @notice All that a verifier has to reveal of an epoch in a round, and the root it commits to.
    function revealsOf(uint64 e, uint8 round, address who)
        internal
        view
        returns (Reveal[] memory reveals, bytes32 root)
    {
        Reveal[6] memory found;
        uint256 count = 0;
        for (uint256 i = 0; i < RECORDS; ++i) {
            for (uint8 role = round * REDRAW; role <= round + 1; ++role) {
                if (!hasWork(i, e, role)) continue;
                for (uint8 s = 0; s < 9; ++s) {
                    if (seated[i][e][role][s] == who) found[count++] = revealOf(i, e, role, s, who);
                }
            }
        }
        reveals = new Reveal[](count);
        for (uint256 n = 0; n < count; ++n) {
            reveals[n] = found[n];
        }
        if (count > 0) root = Reveals.rootOf(reveals);
    }

    /// @dev What the hub takes a report about.
    function hasWork(uint256 i, uint64 e, uint8 role) private view returns (bool) {
        (bool promised,) = promisedAt(i, e);
        if (!promised || role == PROBE) return promised;
        return role == RERUN ? logs[i][e].exists : lacksQuorum(i, e);
    }

    function revealOf(uint256 i, uint64 e, uint8 role, uint8 s, address who) private view returns (Reveal memory r) {
        r.role = role;
        r.provider = provider(holderOf(i));
        r.modelId = modelOf(i);
        r.seat = s;
        r.dataRoot = keccak256(abi.encode("data", who, e));
        r.salt = keccak256(abi.encode("salt", who, e, i, role));
        uint256 mood = mix(choices[e], i);
        r.report = role == PROBE
            ? probe(i, mood, mix(mood, s))
            : verdicts(logs[i][e].m, mood, mix(mood, 10 * role + s));
    }

    /// @notice Probes that a seat owes.
    function owedProbes(uint256 i) internal pure returns (uint256) {
        return (NaiveMarket.tier(targetOf(i)) + 2) / 3;
    }

    /// @notice The first record hardly ever fails, so that it earns; the others have bad epochs, with any possible report or
    /// none.
    function probe(uint256 i, uint256 mood, uint256 choice) private pure returns (uint256) {
        uint256 most = owedProbes(i);
        bool good = mood % (i == 0 ? 64 : 8) > 0;
        if (!good && mix(choice, 7) % 4 == 0) return 0;
        uint256 sent = most - mix(choice, 1) % (most / 2 + 1);
        uint256 answered = good ? sent : mix(choice, 2) % (sent + 1);
        uint256 timely = good ? sent : mix(choice, 3) % (answered + 1);
        uint256 peak = mood % 16 < 8 ? 0 : mix(choice, 4) % (sent + 1);
        uint256 peakTimely = peak < timely ? peak : timely;
        if (!good) peakTimely = mix(choice, 5) % (peakTimely + 1);
        uint256 busy = mix(choice, 6) % (sent - answered + 1);
        return sent | (timely << 16) | (answered << 32) | (peak << 48) | (peakTimely << 64) | (busy << 80);
    }

    /// @notice In half of all epochs all samples match, in a quarter all seats see the same wrong ones, else any verdicts.
    function verdicts(uint256 m, uint256 mood, uint256 choice) private pure returns (uint256 report) {
        uint256 bits = 0;
        if (mood % 16 >= 8 && mood % 16 < 12) bits = mix(mood, 20) & mix(mood, 21) & 0xaaaaaaaaaaaaaaaaaaaaaaaa;
        if (mood % 16 >= 12) bits = choice & (choice >> 96);
        uint256 panel = mood % 16 < 8 ? 1 : mix(choice, 22) % 3;
        return m | ((bits & ((1 << (2 * m)) - 1)) << 8) | (panel << 104);
    }
}
