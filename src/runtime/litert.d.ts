/** LiteRT's loader as tools/build.mjs puts it beside the app. */
declare module '*litert_wasm_compat_internal.js' {
  const factory: unknown;
  export default factory;
}
