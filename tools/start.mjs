/**
 * npm start: builds when needed, serves the app, prints its address, and puts the pretrained networks beside it (13 MB, checked): people get the good models without another
 * command. `npm start -- --offline` fetches nothing. The app runs meanwhile, and without them.
 */
import { ensureBuilt } from './fresh-build.mjs';
import { fetchModels, modelFiles } from './models.mjs';
import { serve } from './serve.mjs';

ensureBuilt();
const { url } = await serve('dist', Number(process.env.PORT ?? 4173), { models: 'public/models' });
console.log(`\nUnderstudy runs at ${url}\nStop it with Ctrl C.\n`);
if (process.argv.includes('--offline')) console.log('Pretrained networks are not fetched (--offline).');
else {
  const failed = await fetchModels({ log: () => {} });
  const total = modelFiles().length;
  console.log(
    failed.length === 0
      ? `All ${total} files of the pretrained networks are in place.`
      : `${failed.length} of ${total} files of the pretrained networks are not in place (${failed[0].path}: ${failed[0].reason}). The app works without them; npm run models tries again.`,
  );
}
