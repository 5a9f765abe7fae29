// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommitmentBook} from "../../contracts/availability/CommitmentBook.sol";
import {ICommitmentBook} from "../../contracts/availability/ICommitmentBook.sol";
import {ReceiptLog} from "../../contracts/availability/ReceiptLog.sol";
import {Attendance} from "../../contracts/court/Attendance.sol";
import {Demands} from "../../contracts/court/Demands.sol";
import {DisputeCourt} from "../../contracts/court/DisputeCourt.sol";
import {Evidence} from "../../contracts/court/Evidence.sol";
import {Faults} from "../../contracts/court/Faults.sol";
import {IJuries} from "../../contracts/court/IJuries.sol";
import {IPenalties} from "../../contracts/court/IPenalties.sol";
import {Juries} from "../../contracts/court/Juries.sol";
import {Openings} from "../../contracts/court/Openings.sol";
import {Penalties} from "../../contracts/court/Penalties.sol";
import {SeatCases} from "../../contracts/court/SeatCases.sol";
import {Times} from "../../contracts/epoch/IEpochClock.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {IProviderRegistry} from "../../contracts/registry/IProviderRegistry.sol";
import {IVerifierRegistry} from "../../contracts/registry/IVerifierRegistry.sol";
import {OutputLimit} from "../../contracts/registry/IModelRegistry.sol";
import {IReliabilityLedger} from "../../contracts/reliability/IReliabilityLedger.sol";
import {ReliabilityLedger} from "../../contracts/reliability/ReliabilityLedger.sol";
import {IRewardDistributor} from "../../contracts/rewards/IRewardDistributor.sol";
import {RewardDistributor} from "../../contracts/rewards/RewardDistributor.sol";
import {AttestationHub} from "../../contracts/verification/AttestationHub.sol";
import {Attestations} from "../../contracts/verification/Attestations.sol";
import {Reveal} from "../../contracts/verification/IAttestationHub.sol";
import {Base} from "./Base.sol";
import {Reveals} from "./Reveals.sol";
import {vm} from "./Vm.sol";

/// @notice All contracts wired as the deploy script does, with helpers that walk an epoch by hand.
abstract contract System is Base {
    /// Right to settle records and to note weights and points.
    uint64 internal constant ROLE_SETTLE = 3;
    /// Right to punish, to ban keys, and to open and close cases.
    uint64 internal constant ROLE_PUNISH = 5;
    uint64 internal constant ROLE_BAN = 6;
    uint64 internal constant ROLE_CASES = 7;
    /// Right to call a jury, to note a bounty, to eject a verifier, to collect what a breach costs.
    uint64 internal constant ROLE_SUMMON = 8;
    uint64 internal constant ROLE_BOUNTY = 9;
    uint64 internal constant ROLE_EJECT = 10;
    uint64 internal constant ROLE_COLLECT = 11;

    address internal constant SINK = address(0x51);
    address internal constant PROVIDER = address(0xA1);
    /// @dev Signs with this key.
    uint256 internal constant OPERATOR_KEY = 0xA2;
    address internal constant OPERATOR = 0x612B7be154A64292AAe070aaA86fCd66Ba218071;
    address internal constant RESERVE = address(0x52);
    uint256 internal constant DEMAND_BOND = 3e18;
    uint256 internal constant CASE_BOND = 7e18 + 1;
    uint256 internal constant JURY_SIZE = 5;
    uint256 internal constant JURY_VOTES = 4;
    bytes32 internal constant MODEL = keccak256("model");
    uint32 internal constant TARGET = 995_000_000; // 64 probes, 22 a seat
    uint256 internal constant PER_SEAT = 22;
    uint32 internal constant CAPACITY = 10;
    uint88 internal constant PRICE = 1e12;
    uint256 internal constant BONDED = 7 * uint256(CAPACITY) * LENGTH * PRICE;
    uint64 internal constant UNITS = 1000;

    ReliabilityLedger internal ledger;
    CommitmentBook internal book;
    ReceiptLog internal log;
    RewardDistributor internal rewards;
    AttestationHub internal hub;
    Penalties internal penalties;
    Faults internal faults;
    Openings internal openings;
    Demands internal demands;
    Juries internal juries;
    DisputeCourt internal court;
    SeatCases internal seatCases;
    Attendance internal attendance;

    /// @dev Six verifiers with four tickets each.
    address[6] internal crew =
        [address(0xE1), address(0xE2), address(0xE3), address(0xE4), address(0xE5), address(0xE6)];

    function setUp() public virtual override {
        super.setUp();
        ledger = new ReliabilityLedger(address(manager), clock);
        book = new CommitmentBook(address(manager), clock, pool, providers, models);
        log = new ReceiptLog(clock, ledger, providers, book);
        rewards = new RewardDistributor(address(manager), asset, clock, providers, SINK);
        penalties = new Penalties(address(manager), pool, rewards, RESERVE);
        require(address(penalties) == pool.slasher(), "penalties slash");
        hub = new AttestationHub(
            address(manager),
            Attestations.Parts(clock, ledger, pool, beacon, providers, verifiers, book, log, rewards)
        );
        allow(address(ledger), IReliabilityLedger.settle.selector, ROLE_SETTLE);
        allow(address(book), ICommitmentBook.measure.selector, ROLE_SETTLE);
        allow(address(rewards), IRewardDistributor.addWeight.selector, ROLE_SETTLE);
        allow(address(rewards), IRewardDistributor.addPoints.selector, ROLE_SETTLE);
        manager.grantRole(ROLE_SETTLE, address(hub), 0);
        manager.grantRole(ROLE_LOCK, address(book), 0);
        openCourt();
    }

    /// @dev Nine contracts come between the pool and the penalties, five of Base.
    function slasher() internal view override returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 9);
    }

    function openCourt() private {
        Evidence.Sources memory sources =
            Evidence.Sources(clock, beacon, providers, models, book, log, hub, penalties);
        faults = new Faults(sources);
        openings = new Openings(sources);
        demands = new Demands(sources, asset, openings, DEMAND_BOND);
        juries = new Juries(address(manager), clock, beacon, verifiers, hub, JURY_SIZE, JURY_VOTES);
        court = new DisputeCourt(address(manager), sources, asset, ledger, juries, demands, openings, CASE_BOND);
        seatCases = new SeatCases(address(manager), sources, asset, juries, demands, CASE_BOND);
        attendance = new Attendance(address(manager), sources, pool, verifiers, rewards, juries);
        allow(address(penalties), IPenalties.punish.selector, ROLE_PUNISH);
        manager.grantRole(ROLE_PUNISH, address(faults), 0);
        manager.grantRole(ROLE_PUNISH, address(demands), 0);
        manager.grantRole(ROLE_PUNISH, address(court), 0);
        manager.grantRole(ROLE_PUNISH, address(seatCases), 0);
        manager.grantRole(ROLE_PUNISH, address(attendance), 0);
        allow(address(rewards), IRewardDistributor.addBounty.selector, ROLE_BOUNTY);
        manager.grantRole(ROLE_BOUNTY, address(penalties), 0);
        allow(address(verifiers), IVerifierRegistry.eject.selector, ROLE_EJECT);
        manager.grantRole(ROLE_EJECT, address(attendance), 0);
        allow(address(book), ICommitmentBook.collectBreach.selector, ROLE_COLLECT);
        manager.grantRole(ROLE_COLLECT, address(faults), 0);
        allow(address(providers), IProviderRegistry.ban.selector, ROLE_BAN);
        manager.grantRole(ROLE_BAN, address(faults), 0);
        allow(address(ledger), IReliabilityLedger.openCase.selector, ROLE_CASES);
        allow(address(ledger), IReliabilityLedger.closeCases.selector, ROLE_CASES);
        manager.grantRole(ROLE_CASES, address(court), 0);
        allow(address(juries), IJuries.summon.selector, ROLE_SUMMON);
        manager.grantRole(ROLE_SUMMON, address(court), 0);
        manager.grantRole(ROLE_SUMMON, address(seatCases), 0);
    }

    /* SET-UP */

    /// @notice The provider with a promise for epochs `first` to `last`, and the crew on its tickets.
    function openMarket(uint32 first, uint32 last) internal {
        registerModel(MODEL);
        registerProvider(PROVIDER, OPERATOR, 2 * BONDED);
        promiseFor(first, last);
        for (uint256 i = 0; i < crew.length; ++i) {
            registerVerifier(crew[i], 4);
        }
    }

    function registerModel(bytes32 modelId) internal virtual {
        OutputLimit[] memory outputs = new OutputLimit[](1);
        outputs[0] = OutputLimit("output", 1, 5e12);
        models.register(modelId, keccak256("profile"), 4096, outputs, "ipfs://manifest");
    }

    function promiseFor(uint32 first, uint32 last) internal returns (uint256) {
        vm.prank(PROVIDER);
        return book.commit(PROVIDER, MODEL, TARGET, 2000, CAPACITY, PRICE, first, last);
    }

    /* STEPS OF AN EPOCH */

    /// @notice Commits a log of `UNITS` single-unit leaves; what matters here is that it exists.
    function commitLog(uint64 epoch) internal virtual {
        vm.warp(clock.times(epoch).end);
        vm.prank(OPERATOR);
        log.commit(MODEL, epoch, keccak256(abi.encode("root", epoch)), uint32(UNITS), UNITS, 1023);
    }

    function drawSeed(uint64 epoch) internal {
        vm.warp(clock.times(epoch).seedTime);
        beacon.set(epoch, keccak256(abi.encode("value", epoch)));
    }

    /// @notice A probe report of a seat: `timely` of 22 in time, none at peak.
    function probeReport(uint256 timely) internal pure returns (uint256) {
        return PER_SEAT | (timely << 16) | (timely << 32);
    }

    /// @notice A re-run report of `m` samples, mismatching where the bitmap says so.
    function rerunReport(uint256 m, uint256 mismatches) internal pure returns (uint256 report) {
        report = m;
        for (uint256 j = 0; j < m; ++j) {
            if (mismatches & (1 << j) != 0) report |= uint256(2) << (8 + 2 * j);
        }
    }

    /// @notice Commits and reveals for everybody who sits, the same reports on each seat.
    function attest(uint64 epoch, uint256 probe, uint256 rerun) internal {
        Times memory times = clock.times(epoch);
        vm.warp(times.openEnd);
        for (uint256 i = 0; i < crew.length; ++i) {
            (Reveal[] memory reveals, bytes32 root) = assignments(epoch, crew[i], probe, rerun);
            if (reveals.length == 0) continue;
            vm.prank(crew[i]);
            hub.commit(epoch, Commitments.commitment(address(hub), epoch, 0, crew[i], root));
        }
        vm.warp(times.outputEnd);
        for (uint256 i = 0; i < crew.length; ++i) {
            (Reveal[] memory reveals,) = assignments(epoch, crew[i], probe, rerun);
            if (reveals.length == 0) continue;
            vm.prank(crew[i]);
            show(epoch, reveals);
        }
    }

    /// @notice Reveals all that a verifier has committed to.
    function show(uint64 epoch, Reveal[] memory all) internal {
        show(epoch, all, 0, all.length);
    }

    /// @notice Reveals what it has committed to from `from` until before `until`.
    function show(uint64 epoch, Reveal[] memory all, uint256 from, uint256 until) internal {
        (Reveal[] memory some, bytes32[] memory proof, bool[] memory flags) = Reveals.open(all, from, until);
        hub.reveal(epoch, some, proof, flags);
    }

    /// @notice The reveals of a verifier's seats, and the root it commits to.
    function assignments(uint64 epoch, address who, uint256 probe, uint256 rerun)
        internal
        view
        returns (Reveal[] memory reveals, bytes32 root)
    {
        Reveal[2] memory found;
        uint256 count = 0;
        for (uint8 role = 0; role < 2; ++role) {
            address[] memory seats = hub.seatsOf(PROVIDER, MODEL, epoch, role);
            for (uint8 seat = 0; seat < seats.length; ++seat) {
                if (seats[seat] != who) continue;
                found[count++] = Reveal({
                    role: role,
                    provider: PROVIDER,
                    modelId: MODEL,
                    seat: seat,
                    report: role == 0 ? probe : rerun,
                    dataRoot: dataRootOf(who, role),
                    salt: keccak256(abi.encode("salt", who, role))
                });
            }
        }
        reveals = new Reveal[](count);
        for (uint256 i = 0; i < count; ++i) {
            reveals[i] = found[i];
        }
        if (count > 0) root = Reveals.rootOf(reveals);
    }

    /// @notice What a seat's assignment commits to as its results.
    function dataRootOf(address who, uint8 role) internal view virtual returns (bytes32) {
        return keccak256(abi.encode("data", who, role));
    }

    function settle(uint64 epoch) internal {
        Times memory times = clock.times(epoch);
        vm.warp(hub.needsRedraw(PROVIDER, MODEL, epoch) ? times.redrawEnd : times.revealEnd);
        hub.settle(PROVIDER, MODEL);
    }

    /// @notice A whole epoch: log, seed, commit, reveal, settlement.
    function walk(uint64 epoch, uint256 timely, uint256 mismatches) internal {
        commitLog(epoch);
        drawSeed(epoch);
        uint256 m = log.log(PROVIDER, MODEL, epoch).m;
        attest(epoch, probeReport(timely), rerunReport(m, mismatches));
        settle(epoch);
    }
}
