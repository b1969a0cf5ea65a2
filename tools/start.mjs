/** npm start: builds when needed, puts pretrained files in place if it can, serves the app and prints its address. */
import { ensureBuilt } from './fresh-build.mjs';
import { serve } from './serve.mjs';

ensureBuilt();
const { url } = await serve('dist', Number(process.env.PORT ?? 4173));
console.log(`\nUnderstudy runs at ${url}\nStop it with Ctrl C.\n`);
