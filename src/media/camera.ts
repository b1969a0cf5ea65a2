/** The camera. Main thread; the only place that asks for one. */
import { StudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import { askForDevice, DeviceWarnings, type OnWarnings } from './device.ts';

/** An open camera: a stream for a `<video>` element and for recording. Dispose it: its light goes off. */
export type Camera = Disposable & {
  stream: MediaStream;
  deviceId: string;
  label: string;
  width: number;
  height: number;
  /** What is to be said of it: that it shows nothing for a while, or is another than was chosen. */
  onWarnings: OnWarnings;
};
/** A camera a person can choose. */
export type CameraChoice = { deviceId: string; label: string };

/** Cameras of this device; names are known only after one was allowed. */
export async function listCameras(): Promise<CameraChoice[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter((device) => device.kind === 'videoinput')
    .map((device, i) => ({ deviceId: device.deviceId, label: device.label || `Camera ${i + 1}` }));
}

/**
 * Opens a camera, without sound.
 * @param deviceId one that is gone is replaced by another, which is said. @param onEnded called when it is unplugged or taken away.
 * @throws StudioError `media/camera-denied`, `-missing`, `-in-use`.
 */
export async function openCamera(deviceId: string | null, onEnded: () => void): Promise<Camera> {
  const scope = new Scope();
  try {
    const { stream, isOther } = await askForDevice('camera', deviceId, (wanted) =>
      navigator.mediaDevices.getUserMedia({
        video: {
          ...(wanted.deviceId ? wanted : { facingMode: 'user' }),
          width: { ideal: 960 },
          height: { ideal: 720 },
          frameRate: { ideal: 30 },
        },
      }),
    );
    scope.add(() => stream.getTracks().forEach((track) => track.stop()));
    const track = stream.getVideoTracks()[0]!;
    scope.listen(track, 'ended', onEnded);
    const settings = track.getSettings();
    const fixed = isOther ? [`The chosen camera is not connected: this is ${track.label || 'another one'}.`] : [];
    return {
      stream,
      deviceId: settings.deviceId ?? '',
      label: track.label,
      width: settings.width ?? 640,
      height: settings.height ?? 480,
      onWarnings: new DeviceWarnings('camera', track, fixed, scope).onWarnings,
      [Symbol.dispose]: () => scope.dispose(),
    };
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

/**
 * Records a stream until stopped.
 * @returns `stop` ends it and resolves with the file. @throws StudioError from `stop` when nothing was recorded: `media/camera-unplugged`, `media/recording-unsupported`.
 */
export function recordStream(stream: MediaStream): { stop(): Promise<Blob> } {
  const type = ['video/webm;codecs=vp8', 'video/webm', 'video/mp4'].find((name) => MediaRecorder.isTypeSupported(name));
  const recorder = new MediaRecorder(stream, { ...(type ? { mimeType: type } : {}), videoBitsPerSecond: 2_500_000 });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => void parts.push(data);
  const stopped = new Promise<void>((resolve) => (recorder.onstop = () => resolve()));
  recorder.start();
  return {
    async stop() {
      if (recorder.state !== 'inactive') recorder.stop();
      await stopped;
      const blob = new Blob(parts, { type: recorder.mimeType.split(';')[0] ?? 'video/webm' });
      // Nothing, of a camera that is on: a browser without an encoder (WebKitGTK).
      const isOn = stream.getVideoTracks().some(({ readyState }) => readyState === 'live');
      if (blob.size === 0) throw new StudioError(isOn ? 'media/recording-unsupported' : 'media/camera-unplugged');
      return blob;
    },
  };
}
