/** Label tracks beside recordings: Audacity, Praat, ELAN; what is cut, and what is one example. */
import { readClassLists } from '../helpers/annotations.ts';
import { describe, expect, it } from 'vitest';
import { unfoldProject } from '../../src/dataset/annotations/teachable-machine.ts';
import { readLabelTrack, writeLabelTrack } from '../../src/dataset/annotations/label-tracks.ts';

const ROBIN = { startSec: 0, endSec: 2, label: 'robin' };
const WREN = { startSec: 2, endSec: 4.5, label: 'wren' };

describe('label tracks', () => {
  it.each([
    ['Audacity', '0.000000\t2.000000\trobin\n2.000000\t4.500000\twren\n5.0\t5.0\tclick\n6.0\t7.0\t\n'],
    ['Audacity with frequencies', '0.0\t2.0\trobin\n\\\t2000.0\t4000.0\n2.0\t4.5\twren\n\\\t100.0\t200.0\n'],
    ['Audacity in Germany', '0,000000\t2,000000\trobin\r\n2,000000\t4,500000\twren\r\n'],
    [
      'Praat, long',
      'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0 \nxmax = 6 \ntiers? <exists> \nsize = 1 \nitem []: \n    item [1]:\n        class = "IntervalTier" \n        name = "birds" \n        xmin = 0 \n        xmax = 6 \n        intervals: size = 3 \n        intervals [1]:\n            xmin = 0 \n            xmax = 2 \n            text = "robin" \n        intervals [2]:\n            xmin = 2 \n            xmax = 4.5 \n            text = "wren" \n        intervals [3]:\n            xmin = 4.5 \n            xmax = 6 \n            text = "" \n',
    ],
    [
      'Praat, short',
      'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n6\n<exists>\n1\n"IntervalTier"\n"birds"\n0\n6\n3\n0\n2\n"robin"\n2\n4.5\n"wren"\n4.5\n6\n""\n',
    ],
    [
      'ELAN',
      'default\t\t00:00:00.000\t0.0\t00:00:02.000\t2.0\t00:00:02.000\t2.0\trobin\ndefault\t\t00:00:02.000\t2.0\t00:00:04.500\t4.5\t00:00:02.500\t2.5\twren\n',
    ],
  ])('of %s are stretches with names', (_program, text) => expect(readLabelTrack(text)).toEqual([ROBIN, WREN]));
  it('are nothing else', () => {
    for (const text of [
      '',
      'Bought a microphone.',
      'a\tb\tc',
      '0 0.5 0.5 0.2 0.2',
      'file\tlabel\na.wav\tdog',
      '1\n2\n3',
      'yes/a.wav\nno/b.wav',
    ])
      expect(readLabelTrack(text), text).toBeNull();
  });
  it('come back as they were written', () => {
    expect(readLabelTrack(writeLabelTrack([ROBIN, WREN], 'x.txt').content)).toEqual([ROBIN, WREN]);
  });
  it('belong to the recording of their name, or to the only one beside them', async () => {
    const read = async (paths: string[]) => {
      const said: string[] = [];
      const files = paths.map((path) => ({ path, blob: new Blob([path.endsWith('.txt') ? '0.0\t2.0\trobin\n' : '']) }));
      const found = await readClassLists(files, [], ({ path, reason }) => said.push(`${path}: ${reason}`));
      return { said, cut: paths.filter((path) => found.stretchesOf!(path) !== null) };
    };
    expect(await read(['a/garden.wav', 'a/garden.txt', 'a/other.wav'])).toEqual({ said: [], cut: ['a/garden.wav'] });
    expect(await read(['a/garden.wav', 'a/Label Track.txt'])).toEqual({ said: [], cut: ['a/garden.wav'] });
    expect((await read(['garden.wav', 'other.wav', 'labels.txt'])).said).toEqual([
      'labels.txt: A label track, but there is no recording of its name.',
    ]);
  });
});

describe('tables with times', () => {
  it('cut recordings, and a selection table of Raven does', async () => {
    const said: string[] = [];
    const files = [
      { path: 'a.wav', blob: new Blob(['']) },
      { path: 'b.wav', blob: new Blob(['']) },
      {
        path: 'train.csv',
        blob: new Blob(['filename,start,end,label\na.wav,0,1.5,dog\na.wav,2,3,cat\na.wav,4,4,cat\n']),
      },
      {
        path: 'b.txt',
        blob: new Blob([
          'Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n1\tWaveform 1\t1\t0.5\t1.5\t100\t200\trobin\n1\tSpectrogram 1\t1\t0.5\t1.5\t100\t200\trobin\n',
        ]),
      },
    ];
    const found = await readClassLists(files, [], ({ reason }) => said.push(reason));
    expect(found.stretchesOf!('a.wav')).toEqual([
      { startSec: 0, endSec: 1.5, label: 'dog' },
      { startSec: 2, endSec: 3, label: 'cat' },
    ]);
    expect(found.stretchesOf!('b.wav')).toEqual([{ startSec: 0.5, endSec: 1.5, label: 'robin' }]);
    expect(found.partOf('a.wav')).toBe('training');
    expect(said).toEqual(['Line 4 has no stretch from 4 to 4.']);
  });
});

describe('Teachable Machine', () => {
  it('projects are folders of classes', () => {
    const paths = ['manifest.json', 'Class 1-!-0', 'Class 1-!-1', '_background_noise_-!-samples.json'];
    expect(unfoldProject(paths.map((path) => ({ path }))).map(({ path }) => path)).toEqual([
      'Class 1/0',
      'Class 1/1',
      '_background_noise_/samples.json',
    ]);
    expect(unfoldProject([{ path: 'manifest.json' }, { path: 'a/b.wav' }])).toHaveLength(2);
  });
  it('samples are stretches of their recordings, of the class of the folder', async () => {
    const samples = [
      { frequencyFrames: [[-100]], startTime: 1.1, endTime: 2.2, recordingDuration: 3, blobFilePath: 'sample-1.webm' },
      { frequencyFrames: [[-100]], startTime: 0, endTime: 1.1, recordingDuration: 3, blobFilePath: 'sample-1.webm' },
    ];
    const found = await readClassLists(
      [
        { path: 'class_2/sample-1.webm', blob: new Blob(['']) },
        { path: 'class_2/samples.json', blob: new Blob([JSON.stringify(samples)]) },
      ],
      [],
      ({ reason }) => expect(reason).toBe(''),
    );
    expect(found.stretchesOf!('class_2/sample-1.webm')).toEqual([
      { startSec: 0, endSec: 1.1, label: null },
      { startSec: 1.1, endSec: 2.2, label: null },
    ]);
    expect(found.hasClassOf('class_2/sample-1.webm')).toBe(false);
  });
});
