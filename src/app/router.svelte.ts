/** Where the person is, from the hash of the address. Main thread. */

/** The five steps of a project. */
export const STEPS = ['data', 'train', 'evaluate', 'preview', 'export'] as const;
/** See {@link STEPS}. */
export type Step = (typeof STEPS)[number];

/** A place in the app. */
export type Route =
  | { page: 'home' }
  | { page: 'project'; projectId: string; step: Step; view: string | null }
  | { page: 'diagnostics' }
  | { page: 'headless' }
  | { page: 'unknown' };

/** Parts of a location hash; null when its escapes are broken, as in a link that was cut. */
function partsOf(hash: string): string[] | null {
  try {
    return hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return null;
  }
}

/** Reads a location hash. */
export function parseRoute(hash: string): Route {
  const parts = partsOf(hash);
  if (!parts) return { page: 'unknown' };
  if (parts.length === 0) return { page: 'home' };
  if (parts[0] === 'diagnostics') return { page: 'diagnostics' };
  if (parts[0] === 'headless') return { page: 'headless' };
  if (parts[0] === 'project' && parts[1]) {
    const step = STEPS.find((name) => name === parts[2]) ?? 'data';
    return { page: 'project', projectId: parts[1], step, view: parts[3] ?? null };
  }
  return { page: 'unknown' };
}

/** Address of a step of a project. */
export function stepAddress(projectId: string, step: Step, view?: string): string {
  return `#/project/${projectId}/${step}${view ? `/${view}` : ''}`;
}

/** The current route; follows the address. */
export class Router {
  #route = $state.raw<Route>(parseRoute(location.hash));

  constructor() {
    window.addEventListener('hashchange', () => (this.#route = parseRoute(location.hash)));
  }

  get route(): Route {
    return this.#route;
  }

  go(address: string): void {
    location.hash = address;
  }
}
