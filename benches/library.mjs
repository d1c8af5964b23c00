// The package that is measured. A build that is kept gets a copy of this file beside its `dist`, and
// `evarrow` is then that build.
export * from "evarrow";
