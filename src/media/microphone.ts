/** The microphone. Main thread; the only place that asks for one. */
import { StudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import { askForDevice, DeviceWarnings, type OnWarnings } from './device.ts';
import captureUrl from './capture.worklet.ts?worker&url';

/** An open microphone. `port` delivers capture blocks and is to be transferred to a worker. */
export type Microphone = Disposable & {
  port: MessagePort;
  sampleRateHz: number;
  deviceId: string;
  label: string;
  /** What is to be said of it: settings the browser could not switch off, silence that is not of the room. */
  onWarnings: OnWarnings;
};

/** A microphone a person can choose. */
export type MicrophoneChoice = { deviceId: string; label: string };

/** Microphones of this device; names are known only after one was allowed. */
export async function listMicrophones(): Promise<MicrophoneChoice[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter((device) => device.kind === 'audioinput')
    .map((device, i) => ({ deviceId: device.deviceId, label: device.label || `Microphone ${i + 1}` }));
}

/** A browser without a sound output may never start its audio. */
const RESUME_MS = 5000;

/** Keeps audio running: a system that interrupts it, or a page that was hidden, is noticed and gone on from. */
function keepRunning(context: AudioContext, warnings: DeviceWarnings, scope: Scope): void {
  const tell = () => {
    const isPaused = context.state !== 'running' && context.state !== 'closed';
    warnings.say('paused', isPaused ? 'The browser has paused its sound: press anywhere on this page to go on.' : null);
  };
  const again = () => {
    if (context.state !== 'running' && context.state !== 'closed') void context.resume().catch(() => {});
  };
  scope.listen(context, 'statechange', () => (tell(), again()));
  for (const type of ['pointerdown', 'keydown', 'visibilitychange']) scope.listen(document, type, again);
}

/**
 * Opens a microphone with echo cancelling, noise suppression and gain control off: they destroy everything that is not speech.
 * @param deviceId one that is gone is replaced by another, which is said. @param onEnded called when it is unplugged or taken away.
 * @throws StudioError `media/microphone-denied`, `-missing`, `-in-use`, `media/audio-suspended`.
 */
export async function openMicrophone(deviceId: string | null, onEnded: () => void): Promise<Microphone> {
  const scope = new Scope();
  try {
    const off = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const { stream, isOther } = await askForDevice('microphone', deviceId, (wanted) =>
      navigator.mediaDevices.getUserMedia({ audio: { ...wanted, ...off } }),
    );
    scope.add(() => stream.getTracks().forEach((track) => track.stop()));
    const track = stream.getAudioTracks()[0]!;
    scope.listen(track, 'ended', onEnded);
    const context = new AudioContext();
    scope.add(() => void context.close());
    await context.audioWorklet.addModule(captureUrl);
    const node = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
    context.createMediaStreamSource(stream).connect(node);
    const late = new Promise<'late'>((resolve) => void scope.timeout(RESUME_MS, () => resolve('late')));
    if ((await Promise.race([context.resume(), late])) === 'late') throw new StudioError('media/audio-suspended');
    const channel = new MessageChannel();
    node.port.postMessage(channel.port1, [channel.port1]);
    const settings = track.getSettings();
    const still = [
      settings.echoCancellation === true ? 'echo cancelling' : null,
      settings.noiseSuppression === true ? 'noise suppression' : null,
      settings.autoGainControl === true ? 'gain control' : null,
    ].filter((word) => word !== null);
    const fixed = [
      ...(isOther ? [`The chosen microphone is not connected: this is ${track.label || 'another one'}.`] : []),
      ...(still.length ? [`This browser keeps ${still.join(' and ')} on, which changes sounds.`] : []),
    ];
    const warnings = new DeviceWarnings('microphone', track, fixed, scope);
    keepRunning(context, warnings, scope);
    return {
      port: channel.port2,
      sampleRateHz: context.sampleRate,
      deviceId: settings.deviceId ?? '',
      label: track.label,
      onWarnings: warnings.onWarnings,
      [Symbol.dispose]: () => scope.dispose(),
    };
  } catch (error) {
    scope.dispose();
    throw error;
  }
}
