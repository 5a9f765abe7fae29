/**
 * How a field of onnx.proto is read.
 *
 * `int` varint of at most 53 bits, `long` varint of 64 bits (a number, or a bigint beyond 53 bits), `float` fixed32,
 * `text` UTF-8, `blob` bytes, `packed` a packed array left as bytes; any other word names a message of
 * {@link MESSAGES}.
 */
export type FieldKind = "int" | "long" | "float" | "text" | "blob" | "packed" | (string & {});

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
    20: ["trainingInfo", "Training", "many"],
    25: ["functions", "Function", "many"],
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
    15: ["sparseInitializer", "SparseTensor", "many"],
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
    3: ["i", "long"],
    4: ["s", "blob"],
    5: ["t", "Tensor"],
    6: ["g", "Graph"],
    7: ["floats", "float", "many"],
    8: ["ints", "long", "many"],
    9: ["strings", "blob", "many"],
    10: ["tensors", "Tensor", "many"],
    11: ["graphs", "Graph", "many"],
    13: ["docString", "text"],
    14: ["tp", "Type"],
    15: ["typeProtos", "Type", "many"],
    20: ["type", "int"],
    21: ["refAttrName", "text"],
    22: ["sparseTensor", "SparseTensor"],
    23: ["sparseTensors", "SparseTensor", "many"],
  },
  Function: {
    1: ["name", "text"],
    4: ["input", "text", "many"],
    5: ["output", "text", "many"],
    6: ["attribute", "text", "many"],
    7: ["node", "Node", "many"],
    8: ["docString", "text"],
    9: ["opsetImport", "OperatorSet", "many"],
    10: ["domain", "text"],
    11: ["attributeProto", "Attribute", "many"],
    12: ["valueInfo", "ValueInfo", "many"],
    13: ["overload", "text"],
    14: ["metadataProps", "Entry", "many"],
  },
  Training: {
    1: ["initialization", "Graph"],
    2: ["algorithm", "Graph"],
    3: ["initializationBinding", "Entry", "many"],
    4: ["updateBinding", "Entry", "many"],
  },
  SparseTensor: { 1: ["values", "Tensor"], 2: ["indices", "Tensor"], 3: ["dims", "int", "many"] },
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
    4: ["sequenceType", "Element"],
    5: ["mapType", "Map"],
    6: ["denotation", "text"],
    7: ["opaqueType", "Opaque"],
    8: ["sparseTensorType", "TensorType"],
    9: ["optionalType", "Element"],
  },
  Element: { 1: ["elemType", "Type"] },
  Map: { 1: ["keyType", "int"], 2: ["valueType", "Type"] },
  Opaque: { 1: ["domain", "text"], 2: ["name", "text"] },
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
/** Constant data of which only the elements that are not zero are kept. */
export type SparseTensorProto = { values?: TensorProto; indices?: TensorProto; dims: number[] };
/** An operator's named setting. */
export type AttributeProto = {
  name?: string;
  f?: number;
  i?: number | bigint;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats: number[];
  ints: (number | bigint)[];
  strings: Uint8Array[];
  tensors: TensorProto[];
  graphs: GraphProto[];
  tp?: TypeProto;
  typeProtos: TypeProto[];
  type?: number;
  sparseTensor?: SparseTensorProto;
  sparseTensors: SparseTensorProto[];
  refAttrName?: string;
};
/** One operator. */
export type NodeProto = {
  input: string[];
  output: string[];
  name?: string;
  opType?: string;
  domain?: string;
  overload?: string;
  attribute: AttributeProto[];
};
/** A dimension: a number, a symbol, or neither. */
export type DimensionProto = { dimValue?: number; dimParam?: string };
/** Element type and, unless the rank is free, the shape. */
export type TensorTypeProto = { elemType?: number; shape?: { dim: DimensionProto[] } };
/** Type of a value; exactly one of its fields is filled in a good file. */
export type TypeProto = {
  tensorType?: TensorTypeProto;
  sequenceType?: { elemType?: TypeProto };
  mapType?: { keyType?: number; valueType?: TypeProto };
  denotation?: string;
  opaqueType?: { domain?: string; name?: string };
  sparseTensorType?: TensorTypeProto;
  optionalType?: { elemType?: TypeProto };
};
/** A named and typed value. */
export type ValueInfoProto = { name?: string; type?: TypeProto };
/** A graph that is evaluated: the model's own, or the body of an operator. */
export type GraphProto = {
  node: NodeProto[];
  name?: string;
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
  sparseInitializer: SparseTensorProto[];
};
/** A set of operators: a domain ("" is ai.onnx) and its version. */
export type OperatorSetProto = { domain?: string; version?: number };
/** An operator that the model defines itself. */
export type FunctionProto = {
  name?: string;
  domain?: string;
  overload?: string;
  input: string[];
  output: string[];
  attribute: string[];
  attributeProto: AttributeProto[];
  node: NodeProto[];
  opsetImport: OperatorSetProto[];
  valueInfo: ValueInfoProto[];
};
/** The file. */
export type ModelProto = {
  irVersion?: number;
  graph?: GraphProto;
  opsetImport: OperatorSetProto[];
  trainingInfo: { initialization?: GraphProto; algorithm?: GraphProto }[];
  functions: FunctionProto[];
};
