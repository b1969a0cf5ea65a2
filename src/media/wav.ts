/** Writes 16-bit PCM WAV (RIFF) files. Any thread; pure. */

/**
 * A mono WAV file of 16-bit samples.
 * @param pcm samples in −1..1 (clamped), borrowed. @param sampleRateHz integer rate.
 */
export function encodeWav(pcm: Float32Array, sampleRateHz: number): Blob {
  const bytes = new DataView(new ArrayBuffer(44 + pcm.length * 2));
  const text = (at: number, value: string) => {
    for (let i = 0; i < value.length; i++) bytes.setUint8(at + i, value.charCodeAt(i));
  };
  text(0, 'RIFF');
  bytes.setUint32(4, 36 + pcm.length * 2, true);
  text(8, 'WAVEfmt ');
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, sampleRateHz, true);
  bytes.setUint32(28, sampleRateHz * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, 'data');
  bytes.setUint32(40, pcm.length * 2, true);
  for (let i = 0; i < pcm.length; i++) {
    const clamped = Math.max(-1, Math.min(1, pcm[i]!));
    bytes.setInt16(44 + i * 2, Math.round(clamped * 32767), true);
  }
  return new Blob([bytes.buffer], { type: 'audio/wav' });
}
