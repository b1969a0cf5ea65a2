/** Where files beside the app are, seen from a worker: workers are built into assets/, and served from anywhere while developing. Worker thread. */
export function assetAddress(path: string): string {
  return new URL(`${import.meta.env.DEV ? '/' : '../'}${path}`, self.location.href).href;
}
