/** Version of the thread boundary: page and workers of different builds ask for a reload. Any thread. */
declare const __BUILD_ID__: string;

/** Changes with every build. */
export const PROTOCOL: string = __BUILD_ID__;
