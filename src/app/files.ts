/** Files and folders from pickers and drops, with their paths. Main thread. */
import type { PathFile } from '../dataset/index.ts';

/** Files of an input element; folders keep their relative paths. */
export function filesOfInput(input: HTMLInputElement): PathFile[] {
  return [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, blob: file }));
}

/** One thing that cannot be opened (a path too long, a file only in the cloud) never ends the rest. */
const unreadable = (path: string): PathFile => ({
  path,
  blob: new Blob(),
  fault:
    'The system does not open it: its path may be too long, or it is only in the cloud. Copy it elsewhere and add it again.',
});

async function readEntry(entry: FileSystemEntry, out: PathFile[]): Promise<void> {
  const path = entry.fullPath.replace(/^\//, '');
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      out.push({ path, blob: file });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    // A call returns at most 100 entries: read until there are none.
    for (;;) {
      const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (entries.length === 0) return;
      for (const child of entries) await readEntry(child, out);
    }
  } catch {
    out.push(unreadable(path));
  }
}

/** Files and folders of a drop. Call it before the first await of the event: the list is emptied afterwards. */
export function filesOfDrop(transfer: DataTransfer): Promise<PathFile[]> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.() ?? null)
    .filter((entry) => entry !== null);
  const loose = entries.length ? [] : [...transfer.files].map((file) => ({ path: file.name, blob: file as Blob }));
  return (async () => {
    const out: PathFile[] = [...loose];
    for (const entry of entries) await readEntry(entry, out);
    return out;
  })();
}

/** A name for files made of a title: lower case, letters, digits and dashes. */
export function fileBase(title: string): string {
  return (
    title
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '') || 'model'
  );
}

/** Hands a file to the person. */
export function saveFile(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A file to hand to the device's sheet for sharing. */
export const fileOf = (name: string, blob: Blob): File =>
  new File([blob], name, { type: /\.html$/.test(name) ? 'text/html' : blob.type || 'application/octet-stream' });
