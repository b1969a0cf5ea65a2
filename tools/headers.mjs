/** The headers of the app, for its own server, for hosts (docs/hosting.md, dist/_headers) and as a meta element. One place; tests compare the rest with it. */

/** The policy that a meta element can carry too, so that any static host serves it. */
export const PAGE_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  // Besides the app's own files: the pinned addresses of pretrained networks, asked only when a person presses Download. A policy cannot change while a page is open,
  // so they stand in it always; tests/e2e hold that nothing is asked of them before.
  "connect-src 'self' https://raw.githubusercontent.com https://cdn.jsdelivr.net",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  // Scripts of src/kernel/trusted-types.ts, templates of Svelte, icons of src/ui/icons.ts.
  "require-trusted-types-for 'script'",
  'trusted-types default svelte-trusted-html understudy-icons',
].join('; ');

/** Of every answer: page, workers, service worker, files. Workers take their policy from it, never from the page's meta element. */
export const HEADERS = {
  'Content-Security-Policy': `${PAGE_POLICY}; frame-ancestors 'self'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(self), microphone=(self), geolocation=()',
};

/** Names of files that never change under one address. */
export const FOREVER = 'public, max-age=31536000, immutable';

/** `_headers`, as Netlify and Cloudflare Pages read it. */
export function headersFile() {
  const lines = Object.entries(HEADERS).map(([name, value]) => `  ${name}: ${value}`);
  return `/*\n${lines.join('\n')}\n  Cache-Control: no-cache\n\n/assets/*\n  ! Cache-Control\n  Cache-Control: ${FOREVER}\n`;
}
