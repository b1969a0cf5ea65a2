/** The graphics processor WebGPU offers. Any thread. */

/** Names of renderers that run on the processor: right, but slower than WebAssembly. */
export const SOFTWARE_RENDERER = /swiftshader|llvmpipe|software|basic render|lavapipe/i;

/** What is known of it; null = WebGPU offers none. */
export async function describeGpu(): Promise<{ device: string; isSoftware: boolean } | null> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (!adapter) return null;
  const { info } = adapter;
  const device = [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' ');
  const isFallback = (info as { isFallbackAdapter?: boolean }).isFallbackAdapter ?? false;
  return { device, isSoftware: isFallback || SOFTWARE_RENDERER.test(device) };
}
