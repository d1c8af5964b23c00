/**
 * Loads the WebAssembly kernels, which the build embeds as base64 text: nothing has to be found
 * at run time.
 */
import { EventError } from "../errors.ts";

/** A kernel asks for a memory with a maximum; this is what WebAssembly can address. */
export const MAX_PAGES = 65_536;

/** Compiled modules by the base64 text of the kernel: compiling once serves every recording. */
const modules = new Map<string, Promise<WebAssembly.Module>>();
/** The same for memory that several threads share. */
const sharedModules = new Map<string, Promise<WebAssembly.Module>>();

/**
 * Instantiates a kernel over the given memory.
 *
 * @param wasm - the embedded module, from `generated/`
 * @returns the functions it exports
 * @throws EventError `kernel-unavailable` where the platform has no WebAssembly SIMD
 */
export async function instantiateKernel<Exports>(
  wasm: string,
  memory: WebAssembly.Memory,
): Promise<Exports> {
  const module = await compileKernel(wasm, !(memory.buffer instanceof ArrayBuffer));
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  return instance.exports as Exports;
}

/**
 * Compiles a kernel, once.
 *
 * @param isShared - whether its memory will be shared between threads
 * @throws EventError `kernel-unavailable`
 */
export function compileKernel(wasm: string, isShared: boolean): Promise<WebAssembly.Module> {
  const known = isShared ? sharedModules : modules;
  let module = known.get(wasm);
  if (module === undefined) {
    module = compile(wasm, isShared);
    known.set(wasm, module);
  }
  return module;
}

async function compile(wasm: string, isShared: boolean): Promise<WebAssembly.Module> {
  const text = atob(wasm);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  if (isShared) shareMemory(bytes);
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new EventError("kernel-unavailable", "the decoder cannot run on this platform", {
      expected: "WebAssembly with SIMD (Node 16, Chrome 91, Firefox 89, Safari 16.4 or newer)",
      cause,
    });
  }
}

/** The import of the memory, `env.memory`, up to the flags that follow: it has a maximum. */
const MEMORY_IMPORT = [3, ...bytesOf("env"), 6, ...bytesOf("memory"), 2];
const HAS_MAXIMUM = 1;
const IS_SHARED = 2;

/**
 * Makes a module take shared memory: one bit in the flags of its import (WebAssembly core
 * specification, "limits"). The code is the same, so no kernel has to be embedded twice.
 */
function shareMemory(module: Uint8Array): void {
  const at = module.findIndex((_, start) =>
    MEMORY_IMPORT.every((byte, index) => module[start + index] === byte),
  );
  const flags = at + MEMORY_IMPORT.length;
  if (at < 0 || module[flags] !== HAS_MAXIMUM) {
    throw new Error("a kernel does not import its memory the way the build makes it");
  }
  module[flags] = HAS_MAXIMUM | IS_SHARED;
}

function bytesOf(name: string): Uint8Array {
  return new TextEncoder().encode(name);
}
