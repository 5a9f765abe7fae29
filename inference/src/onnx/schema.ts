/**
 * How a field of onnx.proto is read.
 *
 * `int` varint, `float` fixed32, `text` UTF-8, `blob` bytes, `packed` a packed array left as bytes; any other word
 * names a message of {@link MESSAGES}.
 */
export type FieldKind = "int" | "float" | "text" | "blob" | "packed" | (string & {});

/** Name in onnx.proto, kind, and whether it may occur more than once. */
export type Field = readonly [name: string, kind: FieldKind, many?: "many"];

/**
 * The messages of onnx.proto (IR version 13, ONNX 1.20) by field number.
 *
 * Complete on purpose: the decoder refuses a field that is not here, since a reader that skips what the runtime reads
 * can be made to approve a different model from the one that is run.
 */
export const MESSAGES: Record<string, Record<number, Field>> = {
  Model: {
    1: ["irVersion", "int"],
    2: ["producerName", "text"],
    3: ["producerVersion", "text"],
    4: ["domain", "text"],
    5: ["modelVersion", "int"],
    6: ["docString", "text"],
    7: ["graph", "Graph"],
    8: ["opsetImport", "OperatorSet", "many"],
    14: ["metadataProps", "Entry", "many"],
    20: ["trainingInfo", "blob", "many"],
    25: ["functions", "blob", "many"],
    26: ["configuration", "blob", "many"],
  },
  Entry: { 1: ["key", "text"], 2: ["value", "text"] },
  OperatorSet: { 1: ["domain", "text"], 2: ["version", "int"] },
  Graph: {
    1: ["node", "Node", "many"],
    2: ["name", "text"],
    5: ["initializer", "Tensor", "many"],
    10: ["docString", "text"],
    11: ["input", "ValueInfo", "many"],
    12: ["output", "ValueInfo", "many"],
    13: ["valueInfo", "ValueInfo", "many"],
    14: ["quantizationAnnotation", "Annotation", "many"],
    15: ["sparseInitializer", "blob", "many"],
    16: ["metadataProps", "Entry", "many"],
  },
  Annotation: { 1: ["tensorName", "text"], 2: ["quantParameterTensorNames", "Entry", "many"] },
  Node: {
    1: ["input", "text", "many"],
    2: ["output", "text", "many"],
    3: ["name", "text"],
    4: ["opType", "text"],
    5: ["attribute", "Attribute", "many"],
    6: ["docString", "text"],
    7: ["domain", "text"],
    8: ["overload", "text"],
    9: ["metadataProps", "Entry", "many"],
    10: ["deviceConfigurations", "blob", "many"],
  },
  Attribute: {
    1: ["name", "text"],
    2: ["f", "float"],
    3: ["i", "int"],
    4: ["s", "blob"],
    5: ["t", "Tensor"],
    6: ["g", "blob"],
    7: ["floats", "float", "many"],
    8: ["ints", "int", "many"],
    9: ["strings", "blob", "many"],
    10: ["tensors", "Tensor", "many"],
    11: ["graphs", "blob", "many"],
    13: ["docString", "text"],
    14: ["tp", "blob"],
    15: ["typeProtos", "blob", "many"],
    20: ["type", "int"],
    21: ["refAttrName", "text"],
    22: ["sparseTensor", "blob"],
    23: ["sparseTensors", "blob", "many"],
  },
  Tensor: {
    1: ["dims", "int", "many"],
    2: ["dataType", "int"],
    3: ["segment", "blob"],
    4: ["floatData", "packed"],
    5: ["int32Data", "packed"],
    6: ["stringData", "blob", "many"],
    7: ["int64Data", "packed"],
    8: ["name", "text"],
    9: ["rawData", "blob"],
    10: ["doubleData", "packed"],
    11: ["uint64Data", "packed"],
    12: ["docString", "text"],
    13: ["externalData", "Entry", "many"],
    14: ["dataLocation", "int"],
    16: ["metadataProps", "Entry", "many"],
  },
  ValueInfo: {
    1: ["name", "text"],
    2: ["type", "Type"],
    3: ["docString", "text"],
    4: ["metadataProps", "Entry", "many"],
  },
  Type: {
    1: ["tensorType", "TensorType"],
    4: ["sequenceType", "blob"],
    5: ["mapType", "blob"],
    6: ["denotation", "text"],
    7: ["opaqueType", "blob"],
    8: ["sparseTensorType", "blob"],
    9: ["optionalType", "blob"],
  },
  TensorType: { 1: ["elemType", "int"], 2: ["shape", "Shape"] },
  Shape: { 1: ["dim", "Dimension", "many"] },
  Dimension: { 1: ["dimValue", "int"], 2: ["dimParam", "text"], 3: ["denotation", "text"] },
};

/** A key and a value, both text. */
export type EntryProto = { key?: string; value?: string };
/** Constant data. Arrays stay views of the file, so that their place in it is known. */
export type TensorProto = {
  dims: number[];
  dataType?: number;
  segment?: Uint8Array;
  floatData?: Uint8Array;
  int32Data?: Uint8Array;
  stringData: Uint8Array[];
  int64Data?: Uint8Array;
  name?: string;
  rawData?: Uint8Array;
  doubleData?: Uint8Array;
  uint64Data?: Uint8Array;
  externalData: EntryProto[];
  dataLocation?: number;
};
/** An operator's named setting. Subgraphs and the like are not looked into: their presence is enough. */
export type AttributeProto = {
  name?: string;
  i?: number;
  t?: TensorProto;
  tensors: TensorProto[];
  g?: Uint8Array;
  graphs: Uint8Array[];
  sparseTensor?: Uint8Array;
  sparseTensors: Uint8Array[];
  refAttrName?: string;
};
/** One operator. */
export type NodeProto = {
  input: string[];
  output: string[];
  name?: string;
  opType?: string;
  domain?: string;
  attribute: AttributeProto[];
};
/** A dimension: a number, a symbol, or neither. */
export type DimensionProto = { dimValue?: number; dimParam?: string };
/** Type of a value; only tensors are looked into. */
export type TypeProto = {
  tensorType?: { elemType?: number; shape?: { dim: DimensionProto[] } };
  sequenceType?: Uint8Array;
  mapType?: Uint8Array;
  opaqueType?: Uint8Array;
  sparseTensorType?: Uint8Array;
  optionalType?: Uint8Array;
};
/** A named and typed value. */
export type ValueInfoProto = { name?: string; type?: TypeProto };
/** The graph that is evaluated. */
export type GraphProto = {
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
  sparseInitializer: Uint8Array[];
};
/** The file. */
export type ModelProto = {
  irVersion?: number;
  graph?: GraphProto;
  opsetImport: { domain?: string; version?: number }[];
  trainingInfo: Uint8Array[];
  functions: Uint8Array[];
};
