export class NotWritten extends Error {}
export function putFile(path: string, content: string | Uint8Array): void;
export function checkPlace(path: string): void;
