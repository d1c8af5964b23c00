/**
 * Loads the WebAssembly kernels, which the build embeds as base64 text: nothing has to be found
 * at run time.
 */
import { EventError } from "../errors.ts";

/** A kernel's compiled module by its base64 text: compiling once serves every recording. */
const modules = new Map<string, Promise<WebAssembly.Module>>();

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
  let module = modules.get(wasm);
  if (module === undefined) {
    module = compile(wasm);
    modules.set(wasm, module);
  }
  const instance = await WebAssembly.instantiate(await module, { env: { memory } });
  return instance.exports as Exports;
}

async function compile(wasm: string): Promise<WebAssembly.Module> {
  const text = atob(wasm);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new EventError("kernel-unavailable", "the decoder cannot run on this platform", {
      expected: "WebAssembly with SIMD (Node 16, Chrome 91, Firefox 89, Safari 16.4 or newer)",
      cause,
    });
  }
}
