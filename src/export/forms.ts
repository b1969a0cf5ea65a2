/** The formats a model can leave in, as people read of them. Any thread; words only. */

/** Name of a format. */
export type FormatId = 'tfjs' | 'html' | 'teachable' | 'tflite' | 'tflite-int8' | 'onnx' | 'coreml';

/** One of them. `suffix` of its file; null when it is a folder of files. `isGraph`: one file with the whole network that other runtimes take, and that can be tried as it stands. */
export type Form = { id: FormatId; title: string; about: string; suffix: string | null; isGraph: boolean };

/** See the file header; the order people see. */
export const FORMS: readonly Form[] = [
  {
    id: 'tfjs',
    title: 'TensorFlow.js',
    about:
      'Your own web page: a typed library and a page that run the model, its weights and labels, every preprocessing number',
    suffix: null,
    isGraph: false,
  },
  {
    id: 'html',
    title: 'Web page',
    about: 'One file to send to anybody: it opens from disk in a browser, without a network, live and on files',
    suffix: '.html',
    isGraph: false,
  },
  {
    id: 'teachable',
    title: 'Teachable Machine',
    about:
      'The files of a Teachable Machine image model, for its library, ml5, p5.js and Scratch extensions. They look at the middle square of a picture',
    suffix: null,
    isGraph: false,
  },
  {
    id: 'tflite',
    title: 'TFLite',
    about:
      'TensorFlow Lite, for Android, Raspberry Pi and MediaPipe: one file with the whole network, its labels and metadata',
    suffix: '.tflite',
    isGraph: true,
  },
  {
    id: 'tflite-int8',
    title: 'TFLite, 8 bit',
    about: 'The same with weights of 8 bits (dynamic range): smaller, a little less exact',
    suffix: '.int8.tflite',
    isGraph: true,
  },
  {
    id: 'onnx',
    title: 'ONNX',
    about: 'Python, C++, C#, Node: one file for ONNX Runtime, operator set 17',
    suffix: '.onnx',
    isGraph: true,
  },
  {
    id: 'coreml',
    title: 'Core ML',
    about: 'iPhone, iPad, Mac: one file for Xcode. Checked against the published format, not yet run on Apple hardware',
    suffix: '.mlmodel',
    isGraph: true,
  },
];

/** The format of that name. */
export const formOf = (id: FormatId): Form => FORMS.find((form) => form.id === id)!;

/** The formats that models of a task may leave in. */
export const formsOf = ({ teachable }: { teachable: string | null }): readonly Form[] =>
  FORMS.filter(({ id }) => id !== 'teachable' || teachable !== null);
