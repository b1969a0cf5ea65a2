/** Version of the app. Main thread. */
declare const __VERSION__: string;

/** As in package.json. */
export const VERSION: string = __VERSION__;
