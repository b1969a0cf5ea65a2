/** The microphone. Main thread; the only place that asks for one. */
import { StudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import captureUrl from './capture.worklet.ts?worker&url';

/** An open microphone. `port` delivers capture blocks and is to be transferred to a worker. */
export type Microphone = Disposable & {
  port: MessagePort;
  sampleRateHz: number;
  deviceId: string;
  label: string;
  /** Settings the browser could not switch off, in words; empty when all is well. */
  warnings: string[];
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

/**
 * Opens a microphone with echo cancelling, noise suppression and gain control off: they destroy everything that is not speech.
 * @param onEnded called when it is unplugged or taken away.
 * @throws StudioError `media/microphone-denied`, `media/microphone-missing`.
 */
export async function openMicrophone(deviceId: string | null, onEnded: () => void): Promise<Microphone> {
  const scope = new Scope();
  try {
    if (!navigator.mediaDevices) throw new StudioError('media/microphone-missing');
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
      },
    });
    scope.add(() => stream.getTracks().forEach((track) => track.stop()));
    const track = stream.getAudioTracks()[0]!;
    scope.listen(track, 'ended', onEnded);
    const context = new AudioContext();
    scope.add(() => void context.close());
    await context.audioWorklet.addModule(captureUrl);
    const node = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
    const channel = new MessageChannel();
    node.port.postMessage(channel.port1, [channel.port1]);
    const settings = track.getSettings();
    const still = [
      settings.echoCancellation === true ? 'echo cancelling' : null,
      settings.noiseSuppression === true ? 'noise suppression' : null,
      settings.autoGainControl === true ? 'gain control' : null,
    ].filter((word) => word !== null);
    return {
      port: channel.port2,
      sampleRateHz: context.sampleRate,
      deviceId: settings.deviceId ?? '',
      label: track.label,
      warnings: still.length ? [`This browser keeps ${still.join(' and ')} on, which changes sounds.`] : [],
      [Symbol.dispose]: () => scope.dispose(),
    };
  } catch (error) {
    scope.dispose();
    if (error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'SecurityError')) {
      throw new StudioError('media/microphone-denied', { cause: error });
    }
    if (
      error instanceof DOMException &&
      ['NotFoundError', 'OverconstrainedError', 'NotReadableError'].includes(error.name)
    ) {
      throw new StudioError('media/microphone-missing', { details: { reason: error.message }, cause: error });
    }
    throw error;
  }
}
