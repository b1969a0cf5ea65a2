/**
 * The policy of Trusted Types (the app's headers require them for scripts): what is run comes from this app's own address, whichever library asks. HTML has no
 * rule here: Svelte's templates and the icons (ui/icons.ts) carry policies of their own, and nothing else may write any. In the page and in every thread, before all else.
 */
type Rules = { createScriptURL(url: string): string };
const { trustedTypes } = globalThis as { trustedTypes?: { createPolicy(name: string, rules: Rules): unknown } };

trustedTypes?.createPolicy('default', {
  createScriptURL(url) {
    if (new URL(url, location.href).origin !== location.origin) throw new TypeError(`A script from elsewhere: ${url}`);
    return url;
  },
});

export {};
