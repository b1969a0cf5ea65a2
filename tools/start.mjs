/** npm start: builds when needed, puts pretrained files in place if it can, serves the app and prints its address. */
import { ensureBuilt } from './fresh-build.mjs';
import { fetchModels } from './models.mjs';
import { serve } from './serve.mjs';

ensureBuilt();
// Only from a mirror: nothing is downloaded unless npm run models is called, or a person presses Download.
if (process.env.MODELS_MIRROR) await fetchModels();
const { url } = await serve('dist', Number(process.env.PORT ?? 4173), { models: 'public/models' });
console.log(`\nUnderstudy runs at ${url}\nStop it with Ctrl C.\n`);
