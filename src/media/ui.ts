/** Door of the media room for the app. Main thread. */
export { listMicrophones, openMicrophone, type Microphone, type MicrophoneChoice } from './microphone.ts';
export { Player } from './player.svelte.ts';
export { listCameras, openCamera, recordStream, type Camera, type CameraChoice } from './camera.ts';
export { decodeInPage, isUnread } from './page-decoder.ts';
