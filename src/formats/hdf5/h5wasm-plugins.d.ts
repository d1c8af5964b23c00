/** The package comes without types. */
declare module "h5wasm-plugins" {
  /** Where the package is installed. */
  export const base_url: string;
}
