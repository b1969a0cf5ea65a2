/** What paths are called, and which are nobody's data. Any thread; pure. */

/** Files that every system leaves behind and nobody wants imported. */
const JUNK =
  /(^|\/)(\.[^/]*|__MACOSX|thumbs\.db|desktop\.ini|@eaDir|\$RECYCLE\.BIN|System Volume Information|Icon\r|[^/]*\.(?:asd|reapeaks|pkf|sfk)|[^/]*:Zone\.Identifier)(\/|$)/i;

/** True for hidden and system files. */
export function isJunkPath(path: string): boolean {
  return JUNK.test(path);
}

/** The part of a path after the last slash. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Writing about data that lies beside them. */
const DOCUMENT =
  /(^|\/)(readme|licen[cs]e|copying|notice|authors|contributors|changelog|citation|makefile)(\.\w{2,4})?$|\.(md|rst|pdf|docx?|odt|xlsx?|pptx?|html?|ipynb|py|js|sh|bat|ini|cfg|log|lock|toml)$/i;
const MEDIUM = /\.(wav|mp3|ogg|flac|m4a|aac|opus|webm|mp4|mov|mkv|jpe?g|png|webp|gif|bmp|avif)$/i;

/** True for texts about the data, which are not data. */
export function isDocumentPath(path: string): boolean {
  return DOCUMENT.test(path) && !MEDIUM.test(path);
}

/**
 * A path inside a folder or zip with `/` between folders: no backslashes, no `./`, no drive or leading slash.
 * @returns null when it leads out of its folder (`..`) or names nothing.
 */
export function cleanPath(path: string): string | null {
  const folders = path
    .replace(/\\/g, '/')
    .replace(/^[a-z]:\//i, '')
    .split('/')
    .filter((name) => name !== '' && name !== '.');
  return folders.length === 0 || folders.includes('..') ? null : folders.join('/');
}

/** Whether a file may be a list or annotations of others, by its ending. */
export const isListPath = (path: string): boolean =>
  /\.(json|jsonl|xml|csv|tsv|tab|txt|ya?ml|names|labels|data|pbtxt|textgrid|eaf)$/i.test(path);
