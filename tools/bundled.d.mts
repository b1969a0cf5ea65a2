import type { Plugin } from 'vite';
export function bundled(): Set<string>;
export function packageOf(id: string): string | null;
export function noteBundled(): Plugin;
export function withoutNotice(names: Iterable<string>, notices: string): string[];
