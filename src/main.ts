/** Starts the app: builds the object graph once and mounts the page. Main thread. */
import './kernel/polyfill.ts';
import './kernel/trusted-types.ts';
import { mount } from 'svelte';
import App from './app/App.svelte';
import StartFailure from './app/StartFailure.svelte';
import { Studio } from './app/studio.svelte.ts';
import { Updates } from './app/pwa.svelte.ts';
import { StudioError, toStudioError } from './kernel/errors.ts';
import './app/styles.css';

/** What `npm run studio` drives; loaded when it is. */
const headless = () => import('./headless/Headless.svelte');
const target = document.getElementById('app')!;
try {
  if (!isSecureContext) throw new StudioError('app/insecure-page');
  const studio = await Studio.create();
  mount(App, { target, props: { studio, updates: new Updates(studio.working), headless } });
} catch (error) {
  mount(StartFailure, { target, props: { error: toStudioError(error) } });
}
