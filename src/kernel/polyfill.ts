/** What some browsers lack and everything here uses; loaded before all else, in the page and in every thread. */

// WebKit has no explicit resource management yet: the key is all that is needed, `using` is compiled away.
for (const name of ['dispose', 'asyncDispose'] as const)
  if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`) });

// Libraries ask `instanceof GPUBuffer` where there is no WebGPU.
const scope = globalThis as { GPUBuffer?: unknown };
scope.GPUBuffer ??= class {};

export {};
