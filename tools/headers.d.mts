export const PAGE_POLICY: string;
export const HEADERS: Record<string, string>;
export const FOREVER: string;
export function headersFile(): string;
