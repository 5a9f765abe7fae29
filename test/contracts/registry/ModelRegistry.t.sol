// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry, OutputLimit} from "../../../contracts/registry/IModelRegistry.sol";
import {Base} from "../Base.sol";
import {vm} from "../Vm.sol";

contract ModelRegistryTest is Base {
    bytes32 internal constant ID = keccak256("manifest");
    bytes32 internal constant PROFILE = keccak256("profile");
    string internal constant URI = "ipfs://bafy";

    function one(uint8 elementType, uint64 tauMax) internal pure returns (OutputLimit[] memory outputs) {
        outputs = new OutputLimit[](1);
        outputs[0] = OutputLimit({name: "y", elementType: elementType, tauMax: tauMax});
    }

    function eqModel(bytes32 id, bytes32 profile, uint32 open, OutputLimit[] memory outputs, string memory uri)
        internal
        view
    {
        (bytes32 p, uint32 o, OutputLimit[] memory limits, string memory u) = models.model(id);
        eq(p, profile, "profile");
        eq(o, open, "open bytes");
        eq(keccak256(abi.encode(limits)), keccak256(abi.encode(outputs)), "outputs");
        eq(u, uri, "uri");
        require(models.isModel(id) == (profile != 0), "known");
    }

    function unknown(bytes32 id) internal view {
        eqModel(id, 0, 0, new OutputLimit[](0), "");
    }

    function test_registersWhatItIsGiven() public {
        OutputLimit[] memory outputs = new OutputLimit[](3);
        outputs[0] = OutputLimit({name: "probabilities", elementType: 1, tauMax: 1e14});
        outputs[1] = OutputLimit({name: "label", elementType: 7, tauMax: 0});
        outputs[2] = OutputLimit({name: "a name that is longer than one storage slot of bytes", elementType: 11, tauMax: 1});
        unknown(ID);
        vm.expectEmit(true, true, true, true, address(models));
        emit IModelRegistry.ModelRegistered(ID, PROFILE, 24_576, outputs, URI, address(0xA));
        vm.prank(address(0xA));
        models.register(ID, PROFILE, 24_576, outputs, URI);
        eqModel(ID, PROFILE, 24_576, outputs, URI);
        unknown(PROFILE);
    }

    function test_anEntryIsForEver() public {
        models.register(ID, PROFILE, 100, one(1, 5), URI);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryRegistered.selector, ID));
        models.register(ID, keccak256("other"), 200, one(1, 6), "");
        eqModel(ID, PROFILE, 100, one(1, 5), URI);
    }

    function test_refusesZeroHashes() public {
        vm.expectRevert(IModelRegistry.ModelRegistryZeroHash.selector);
        models.register(0, PROFILE, 100, one(1, 5), URI);
        vm.expectRevert(IModelRegistry.ModelRegistryZeroHash.selector);
        models.register(ID, 0, 100, one(1, 5), URI);
        unknown(ID);
    }

    function test_boundsWhatMustBeOpened() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadOpenBytes.selector, 0, 24_576));
        models.register(ID, PROFILE, 0, one(1, 5), URI);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadOpenBytes.selector, 24_577, 24_576));
        models.register(ID, PROFILE, 24_577, one(1, 5), URI);
        unknown(ID);
    }

    function test_boundsTheUri() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadUri.selector, 257, 256));
        models.register(ID, PROFILE, 1, one(1, 5), string(new bytes(257)));
        unknown(ID);
        models.register(ID, PROFILE, 1, one(1, 5), string(new bytes(256)));
        models.register(PROFILE, PROFILE, 1, one(1, 5), "");
    }

    function test_hasOneToSixteenOutputs() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadOutputs.selector, 0, 16));
        models.register(ID, PROFILE, 1, new OutputLimit[](0), URI);
        OutputLimit[] memory many = new OutputLimit[](17);
        for (uint256 i = 0; i < 17; ++i) many[i] = one(1, 5)[0];
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadOutputs.selector, 17, 16));
        models.register(ID, PROFILE, 1, many, URI);
        unknown(ID);
        OutputLimit[] memory most = new OutputLimit[](16);
        for (uint256 i = 0; i < 16; ++i) most[i] = many[i];
        models.register(ID, PROFILE, 1, most, URI);
        eqModel(ID, PROFILE, 1, most, URI);
    }

    function testFuzz_toleranceByElementType(uint8 elementType, uint64 tauMax) public {
        elementType = elementType % 24;
        uint256 limit = elementType == 1 || elementType == 11 ? 1e14 : elementType == 10 ? 1e16 : 0;
        tauMax = tauMax % 4 == 0 ? 0 : uint64(tauMax % (2 * limit + 2));
        bool fits = limit == 0 ? tauMax == 0 : tauMax > 0 && tauMax <= limit;
        if (!fits) {
            vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadLimit.selector, 0, tauMax, limit));
        }
        models.register(ID, PROFILE, 1, one(elementType, tauMax), URI);
        require(models.isModel(ID) == fits, "kept only if it fits");
    }

    function test_toleranceIsExact() public {
        OutputLimit[] memory outputs = new OutputLimit[](2);
        outputs[0] = one(1, 1e14)[0];
        outputs[1] = one(1, 1e14 + 1)[0];
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadLimit.selector, 1, 1e14 + 1, 1e14));
        models.register(ID, PROFILE, 1, outputs, URI);
        outputs[1] = one(10, 1e16 + 1)[0];
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadLimit.selector, 1, 1e16 + 1, 1e16));
        models.register(ID, PROFILE, 1, outputs, URI);
        outputs[1] = one(7, 1)[0];
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadLimit.selector, 1, 1, 0));
        models.register(ID, PROFILE, 1, outputs, URI);
        outputs[1] = OutputLimit({name: "", elementType: 7, tauMax: 0});
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistryBadLimit.selector, 1, 0, 0));
        models.register(ID, PROFILE, 1, outputs, URI);
        unknown(ID);
    }
}
