/** The sample rate of the house. Any thread. */

/** The rate every sound is brought to before features are computed. */
export const SOUND_RATE_HZ = 16000;
