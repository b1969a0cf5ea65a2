/** Streams come in blocks. Any thread; pure. */

/** Joins blocks of samples or rows, in order. */
export function joinBlocks(blocks: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
