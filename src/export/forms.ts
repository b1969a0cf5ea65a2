/** The formats a model can leave in, as people read of them. Any thread; words only. */

/** Name of a format. */
export type FormatId = 'tfjs' | 'tflite' | 'tflite-int8' | 'onnx' | 'coreml';

/** One of them. `suffix` of its file; null when it is a folder of files. */
export type Form = { id: FormatId; title: string; about: string; suffix: string | null };

/** See the file header; the order people see. */
export const FORMS: readonly Form[] = [
  {
    id: 'tfjs',
    title: 'TensorFlow.js',
    about: 'Web pages and Node: model, weights, labels, every preprocessing number',
    suffix: null,
  },
  {
    id: 'tflite',
    title: 'TFLite',
    about:
      'TensorFlow Lite, for Android, Raspberry Pi and MediaPipe: one file with the whole network, its labels and metadata',
    suffix: '.tflite',
  },
  {
    id: 'tflite-int8',
    title: 'TFLite, 8 bit',
    about: 'The same with weights of 8 bits (dynamic range): smaller, a little less exact',
    suffix: '.int8.tflite',
  },
  {
    id: 'onnx',
    title: 'ONNX',
    about: 'Python, C++, C#, Node: one file for ONNX Runtime, operator set 17',
    suffix: '.onnx',
  },
  {
    id: 'coreml',
    title: 'Core ML',
    about: 'iPhone, iPad, Mac: one file for Xcode. Checked against the published format, not yet run on Apple hardware',
    suffix: '.mlmodel',
  },
];

/** The format of that name. */
export const formOf = (id: FormatId): Form => FORMS.find((form) => form.id === id)!;
