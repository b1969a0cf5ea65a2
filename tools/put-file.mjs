/** Files that are written whole or not at all, and what is said when they are not. */
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Why the system did not write, in words, by its code. */
const REASONS = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'this folder may not be written to',
  EPERM: 'this folder may not be written to',
  EROFS: 'this disk may not be written to',
  EISDIR: 'there is a folder of this name',
  ENOTDIR: 'a file stands where a folder of this path would be',
  EEXIST: 'a file stands where a folder of this path would be',
  ENAMETOOLONG: 'the name is too long',
};

const isFolder = (path) => existsSync(path) && statSync(path).isDirectory();

/** A file that was not written. */
export class NotWritten extends Error {
  constructor(path, cause) {
    super(`${path} was not written: ${REASONS[cause.code] ?? cause.message}. What was written before it stays.`, {
      cause,
    });
  }
}

/** Writes a file under another name and moves it to its own, so that no half of one ever stands there. @throws NotWritten. */
export function putFile(path, content) {
  const part = `${path}.part`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    // A device or a pipe is written as it is.
    if (existsSync(path) && !lstatSync(path).isFile()) return writeFileSync(path, content);
    writeFileSync(part, content);
    renameSync(part, path);
  } catch (cause) {
    if (isFolder(dirname(path))) rmSync(part, { force: true });
    throw new NotWritten(path, cause);
  }
}

/** Finds out before the work whether a file can be written there. @throws NotWritten. */
export function checkPlace(path) {
  const probe = `${path}.part`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (existsSync(path) && lstatSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (existsSync(path) && !lstatSync(path).isFile()) return;
    writeFileSync(probe, '');
  } catch (cause) {
    throw new NotWritten(path, cause);
  } finally {
    if (isFolder(dirname(path))) rmSync(probe, { force: true });
  }
}
