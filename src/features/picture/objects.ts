/** Classes of the detection sample: what a die shows on top. Any thread. */
export const SAMPLE_OBJECTS = ['one', 'two', 'three', 'four', 'five', 'six'] as const;
