/**
 * Changing the spectrum of a sound band by band and hearing the result. Any thread; pure. Short-time Fourier transform with periodic Hann
 * windows, overlap-add; the phases stay.
 * @see Allen & Rabiner 1977, A unified approach to short-time Fourier analysis and synthesis
 */
import { LOG_MEL_SPEC, toMel } from './spec.ts';

const { windowSamples, hopSamples, fftSize, bandCount, lowHz, highHz, sampleRateHz } = LOG_MEL_SPEC;

/** In-place radix-2 Fourier transform (Cooley & Tukey 1965); `sign` −1 forward, 1 backward without the 1/N. */
export function fourier(re: Float64Array, im: Float64Array, sign: -1 | 1): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const angle = (sign * 2 * Math.PI) / size;
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < size / 2; k++) {
        const c = Math.cos(angle * k);
        const s = Math.sin(angle * k);
        const a = start + k;
        const b = a + size / 2;
        const re2 = re[b]! * c - im[b]! * s;
        const im2 = re[b]! * s + im[b]! * c;
        re[b] = re[a]! - re2;
        im[b] = im[a]! - im2;
        re[a] = re[a]! + re2;
        im[a] = im[a]! + im2;
      }
    }
  }
}

/** Place of every bin among the mel bands, as a fraction. */
const PLACES = Float32Array.from({ length: fftSize / 2 + 1 }, (_, bin) => {
  const stepMel = (toMel(highHz) - toMel(lowHz)) / (bandCount + 1);
  const place = (toMel((bin * sampleRateHz) / fftSize) - toMel(lowHz)) / stepMel - 1;
  return Math.max(0, Math.min(bandCount - 1, place));
});

/**
 * Multiplies the spectrum of a sound.
 * @param pcm mono at 16 kHz. Borrowed. @param gains shape [frames, 64], natural log of amplitude per log-mel frame and band.
 * @returns as long as `pcm`.
 */
export function applyBandGains(pcm: Float32Array, gains: Float32Array): Float32Array {
  const frames = gains.length / bandCount;
  const out = new Float32Array(pcm.length);
  const norm = new Float32Array(pcm.length);
  const re = new Float64Array(fftSize);
  const im = new Float64Array(fftSize);
  for (let frame = 0; frame < frames; frame++) {
    const at = frame * hopSamples;
    re.fill(0);
    im.fill(0);
    const hann = (i: number) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowSamples);
    for (let i = 0; i < windowSamples && at + i < pcm.length; i++) re[i] = pcm[at + i]! * hann(i);
    fourier(re, im, -1);
    for (let bin = 0; bin <= fftSize / 2; bin++) {
      const place = PLACES[bin]!;
      const low = Math.floor(place);
      const share = place - low;
      const row = frame * bandCount;
      const gain = Math.exp(gains[row + low]! * (1 - share) + gains[row + Math.min(bandCount - 1, low + 1)]! * share);
      for (const k of bin === 0 || bin === fftSize / 2 ? [bin] : [bin, fftSize - bin]) {
        re[k] = re[k]! * gain;
        im[k] = im[k]! * gain;
      }
    }
    fourier(re, im, 1);
    for (let i = 0; i < windowSamples && at + i < pcm.length; i++) {
      out[at + i] = out[at + i]! + (re[i]! / fftSize) * hann(i);
      norm[at + i] = norm[at + i]! + hann(i) ** 2;
    }
  }
  for (let i = 0; i < out.length; i++) out[i] = norm[i]! > 1e-3 ? out[i]! / norm[i]! : pcm[i]!;
  return out;
}
