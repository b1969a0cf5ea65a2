/** What folders, names and lists beside media say: parts, classes and groups, as people lay them out. */
import { checkSize } from '../../src/dataset/archive-jobs.ts';
import { readClassLists } from '../helpers/annotations.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileIndex } from '../../src/dataset/annotations/file-index.ts';

import { listClasses } from '../../src/dataset/annotations/class-lists.ts';
import { readText } from '../../src/dataset/annotations/text.ts';
import { cleanPath, isDocumentPath } from '../../src/dataset/labels.ts';
import { partOfWord } from '../../src/dataset/parts.ts';
import { questionOf } from '../../src/dataset/question.ts';
import { readStructure } from '../../src/dataset/structure.ts';
import { areNamesSure, decodeNames } from '../../src/dataset/zip-names.ts';

/** The best reading in short: classes and parts by path. */
function best(paths: readonly string[]) {
  const structure = readStructure(paths);
  const [reading] = structure.readings;
  return {
    ...structure,
    id: reading!.id,
    classes: paths.map((path) => reading!.classes.get(path) ?? null),
    groups: paths.map((path) => reading!.groups.get(path) ?? null),
    partList: paths.map((path) => structure.parts.get(path) ?? null),
  };
}
const numbered = (prefix: string, count: number, ending = '.wav') =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}${ending}`);

describe('words of parts', () => {
  it.each([
    [
      'training',
      'train',
      'Training',
      'Training Data',
      'training_set',
      'TRAIN',
      'train2017',
      'trainval',
      'train-images',
    ],
    ['validation', 'val', 'valid', 'Validation', 'dev', 'dev-set', 'val2017', 'validation_data'],
    ['testing', 'test', 'Testing', 'test_set', 'eval', 'evaluation', 'holdout', 'hold-out', 'TEST'],
  ])('%s', (part, ...words) => {
    for (const word of [...words, `01_${words[0]}`, `audio_${words[0]}`, `my-${words[0]}`])
      expect(partOfWord(word), word).toBe(part);
  });
  it('are no part of other words', () => {
    for (const word of ['trainstation', 'trains', 'devil', 'valley', 'testament', 'dog', 'contest', 'evaluate me', ''])
      expect(partOfWord(word), word).toBeNull();
  });
});

describe('folders', () => {
  it('of two parts with the same folders inside are parts, whatever stands beside them', () => {
    const paths = ['training_set', 'test_set'].flatMap((part) =>
      ['cats', 'dogs'].map((name) => `dataset/${part}/${name}/1.wav`),
    );
    const read = best([...paths, 'dataset/single_prediction/x.wav']);
    expect(read.classes).toEqual(['cats', 'dogs', 'cats', 'dogs', 'single_prediction']);
    expect(read.partList).toEqual(['training', 'training', 'testing', 'testing', null]);
  });
  it('by the ten thousand take a moment', () => {
    const started = performance.now();
    readStructure(Array.from({ length: 40_000 }, (_, i) => `all/f${i}/x.wav`));
    readStructure(Array.from({ length: 50_000 }, (_, i) => `all/c${i % 5000}/${i}.wav`));
    readStructure(
      Array.from(
        { length: 40_000 },
        (_, i) => `${String.fromCharCode(97 + (i % 26))}${i.toString(36).replace(/\d/g, 'x')}q.wav`,
      ),
    );
    expect(performance.now() - started).toBeLessThan(4000);
  });
  it('are classes', () => {
    const read = best(['a/dog/1.wav', 'a/dog/2.wav', 'a/cat/1.wav']);
    expect(read.classes).toEqual(['dog', 'dog', 'cat']);
    expect(read.question).toBeNull();
  });
  it('of one kind are the one class that was dropped', () => {
    expect(best(['dog/1.wav', 'dog/2.wav']).classes).toEqual(['dog', 'dog']);
    expect(
      best(['dog/1-100032-A-0.wav', 'dog/1-110389-B-0.wav', 'dog/2-110389-A-0.wav', 'dog/2-2.wav']).question,
    ).toBeNull();
  });
  it('say parts before and after the class, in any spelling', () => {
    for (const [train, test] of [
      ['train', 'test'],
      ['Training Data', 'Testing Data'],
      ['training_set', 'test_set'],
      ['dev', 'holdout'],
    ] as const) {
      const before = best([`${train}/dog/1.wav`, `${train}/cat/1.wav`, `${test}/dog/2.wav`, `${test}/cat/2.wav`]);
      expect(before.classes).toEqual(['dog', 'cat', 'dog', 'cat']);
      expect(before.partList.slice(2)).toEqual(['testing', 'testing']);
      const after = best([`dog/${train}/1.wav`, `cat/${train}/1.wav`, `dog/${test}/2.wav`, `cat/${test}/2.wav`]);
      expect(after.classes).toEqual(['dog', 'cat', 'dog', 'cat']);
      expect(after.partList.slice(2)).toEqual(['testing', 'testing']);
    }
  });
  it('called like a part beside other classes are classes', () => {
    const read = best(['car/1.wav', 'bus/1.wav', 'train/1.wav']);
    expect(read.classes).toEqual(['car', 'bus', 'train']);
    expect(read.partList).toEqual([null, null, null]);
  });
  it('that only wrap are none', () => {
    expect(best(['set/audio/dog/1.wav', 'set/audio/cat/1.wav']).classes).toEqual(['dog', 'cat']);
    expect(best(['fold1/dog/1.wav', 'fold1/cat/1.wav', 'fold2/dog/2.wav', 'fold2/cat/2.wav']).classes).toEqual([
      'dog',
      'cat',
      'dog',
      'cat',
    ]);
    expect(best(['recordings/1.wav', 'recordings/2.wav']).classes).toEqual([null, null]);
  });
  it('of noise are background', () => {
    expect(best(['yes/1.wav', 'no/1.wav', '_background_noise_/x.wav']).classes).toEqual(['yes', 'no', 'Background']);
  });
  it('whose two readings are the same ask nothing', () => {
    const read = best(['dog/dog/1.wav', 'dog/dog/2.wav', 'cat/cat/1.wav']);
    expect([read.question, read.classes]).toEqual([null, ['dog', 'dog', 'cat']]);
  });
  it('keep their people beside a folder of noise, which is nobody\u2019s', () => {
    const files = ['yes', 'no'].flatMap((word) => ['0a1b2c3d', '4e5f6a7b'].map((who) => `${word}/${who}_nohash_0.wav`));
    const read = best([...files, '_background_noise_/pink_noise.wav']);
    expect(read.groups.slice(0, 4)).toEqual(['0a1b2c3d', '4e5f6a7b', '0a1b2c3d', '4e5f6a7b']);
  });
  it('are one class whatever the Unicode form of its name', () => {
    const read = best(['set/B\u00e4r/1.wav', 'set/Hund/1.wav', 'set/Ba\u0308r/2.wav']);
    expect(new Set(read.classes).size).toBe(2);
  });
  it('with two readings ask, the likelier first', () => {
    const read = best(['yes/anna/0.wav', 'yes/ben/0.wav', 'no/anna/0.wav', 'no/ben/0.wav']);
    expect(read.question).toBe('Folders anna, ben inside yes, no: are the classes yes, no, or anna, ben?');
    expect(read.classes).toEqual(['yes', 'yes', 'no', 'no']);
    expect(read.groups).toEqual(['anna', 'ben', 'anna', 'ben']);
    expect(read.readings.map(({ id }) => id)).toEqual(['folder-2', 'folder', 'none']);
    expect(best(['yes/anna/0.wav', 'no/ben/0.wav']).classes).toEqual(['yes', 'no']);
  });
  it('of Speech Commands keep speakers together', () => {
    const paths = ['yes', 'no'].flatMap((word) => ['0c40e715', '1b4c9b89'].map((who) => `${word}/${who}_nohash_0.wav`));
    expect(best(paths).groups).toEqual(['0c40e715', '1b4c9b89', '0c40e715', '1b4c9b89']);
  });
  it('say only parts where boxes are the labels', () => {
    const { parts, readings } = readStructure(['data/valid/images/1.jpg', 'test/2.jpg'], false);
    expect([...parts.values()]).toEqual(['validation', 'testing']);
    expect(readings.map(({ id }) => id)).toEqual(['none']);
  });
});

describe('names', () => {
  it('before the first dot are classes however they count behind it, but no half of a time', () => {
    const many = numbered('c5.', 30);
    expect(best(many)).toMatchObject({ id: 'name-dot', classes: many.map(() => 'c5') });
    const stamped = ['dog.20240512101530.wav', 'dog.20240513.wav', 'cat.1715508930.wav', 'level2.15.wav'];
    expect(best(stamped).classes).toEqual(['dog', 'dog', 'cat', 'level2']);
    const speeds = [...numbered('speed1.5_run', 3), ...numbered('speed2.0_run', 3)];
    expect(new Set(best(speeds).classes)).toEqual(new Set(['speed1.5', 'speed2.0']));
    const times = [
      'Recording 10.15.30.wav',
      'Recording 10.16.02.wav',
      'Recording 11.00.59.wav',
      'Recording_9.12.01.wav',
    ];
    expect(best(times).classes).toEqual([null, null, null, null]);
  });

  it('before the first dot are classes, as Create ML writes them', () => {
    expect(best(['dog.1.wav', 'dog.2.wav', 'cat.1.wav']).classes).toEqual(['dog', 'dog', 'cat']);
    const parts = best(['train/dog.1.wav', 'train/cat.1.wav', 'test/dog.2.wav', 'test/cat.2.wav']);
    expect(parts.classes).toEqual(['dog', 'cat', 'dog', 'cat']);
    expect(parts.partList).toEqual(['training', 'training', 'testing', 'testing']);
  });
  it.each([
    ['dog (1)', [...numbered('dog (', 3, ').wav'), ...numbered('cat (', 3, ').wav')]],
    ['dog_1', [...numbered('dog_', 3), ...numbered('cat_', 3)]],
    ['dog1', [...numbered('dog', 3), ...numbered('cat', 3)]],
    ['in one folder', [...numbered('s/dog_', 3), ...numbered('s/cat_', 3)]],
  ])('%s offer a class', (_, paths) => {
    const read = best(paths);
    expect(read.question).toContain('dog, cat');
    expect(read.classes).toEqual(['dog', 'dog', 'dog', 'cat', 'cat', 'cat']);
  });
  it('with people offer class and group by a shown pattern', () => {
    const paths = ['boxing', 'walking'].flatMap((what) =>
      ['01', '02', '03'].map((who) => `person${who}_${what}_d1.avi`),
    );
    const read = best(paths);
    expect(new Set(read.classes)).toEqual(new Set(['boxing', 'walking']));
    expect(new Set(read.groups)).toEqual(new Set(['person01', 'person02', 'person03']));
    expect(read.readings[0]!.title).toContain('{group}_{class}_…');
  });
  it('of spoken digits offer the digit, and the speaker as group', () => {
    const paths = ['0', '1'].flatMap((digit) =>
      ['george', 'theo'].flatMap((who) => ['0', '1'].map((n) => `recordings/${digit}_${who}_${n}.wav`)),
    );
    const read = best(paths);
    expect(new Set(read.classes)).toEqual(new Set(['0', '1']));
    expect(new Set(read.groups)).toEqual(new Set(['george', 'theo']));
  });
  it('that are times or of devices are never classes', () => {
    for (const paths of [
      ['20240101_120000.wav', '20240101_130000.wav', '20240102_120000.wav', '20240102_130000.wav'],
      ['IMG_1.jpg', 'IMG_2.jpg', 'DSC_1.jpg', 'DSC_2.jpg'],
      ['2024-01-01 12.00.00.wav', '2024-01-01 12.05.00.wav', '2024-01-02 12.00.00.wav', '2024-01-02 12.05.00.wav'],
      ['Recording (1).m4a', 'Recording (2).m4a', 'Recording (3).m4a', 'Recording (4).m4a'],
    ]) {
      const read = best(paths);
      expect(
        read.classes.every((name) => name === null),
        paths[0],
      ).toBe(true);
      expect(read.question).toBeNull();
    }
  });
});

describe('the question', () => {
  it('counts classes by part, and what would have none', () => {
    const paths = ['train/yes/anna/0.wav', 'train/no/ben/0.wav', 'test/yes/ben/1.wav', 'test/no/anna/1.wav', 'x.wav'];
    const structure = readStructure(paths);
    const skipped = [{ path: 'a', reason: 'b', isAdded: false }];
    const question = questionOf(structure, paths, (path) => structure.parts.get(path) ?? 'training', skipped)!;
    expect(question).toMatchObject({ total: 5, skipped });
    expect(question.answers[0]).toMatchObject({
      without: 1,
      classes: [
        { name: 'no', counts: { training: 1, validation: 0, testing: 1 } },
        { name: 'yes', counts: { training: 1, validation: 0, testing: 1 } },
      ],
    });
  });
});

describe('lists beside media', () => {
  const read = async (lists: Record<string, string>, media: readonly string[]) => {
    const remarks: string[] = [];
    const found = await readClassLists(
      [
        ...Object.entries(lists).map(([path, text]) => ({ path, blob: new Blob([text]) })),
        ...media.map((path) => ({ path, blob: new Blob() })),
      ],
      [],
      ({ path, reason }) => void remarks.push(`${path}: ${reason}`),
    );
    const inspected = { label: null } as never;
    return {
      remarks,
      classes: media.map((path) => found.name(path, [inspected], null, () => {})[0]!.className),
      parts: media.map((path) => found.partOf(path)),
      groups: media.map((path) => found.groupOf(path)),
    };
  };
  it('ESC-50', async () => {
    const csv = `filename,fold,target,category,esc10,src_file,take
1-100032-A-0.wav,1,0,dog,True,100032,A
1-100038-A-14.wav,1,14,chirping_birds,False,100038,A
1-977-A-39.wav,1,39,glass_breaking,False,977,A`;
    const found = await read({ 'ESC-50/meta/esc50.csv': csv }, [
      'ESC-50/audio/1-100032-A-0.wav',
      'ESC-50/audio/1-100038-A-14.wav',
    ]);
    expect(found.classes).toEqual(['dog', 'chirping_birds']);
    expect(found.groups).toEqual(['100032', '100038']);
    expect(found.remarks).toEqual([
      'ESC-50/meta/esc50.csv: Its folds were not taken: what belongs together is said by the column src_file.',
      'ESC-50/meta/esc50.csv: These are not among the files: 1-977-A-39.wav.',
    ]);
  });
  it('folds are groups where nothing finer is said', async () => {
    const csv = 'filename,fold,category\na.wav,1,dog\nb.wav,2,cat';
    const found = await read({ 'x.csv': csv }, ['a.wav', 'b.wav']);
    expect(found.groups).toEqual(['fold 1', 'fold 2']);
    expect(found.remarks).toEqual([
      'x.csv: Its folds were taken as groups: what is in one fold stays together when the examples are divided.',
    ]);
  });
  it.each([
    ['label,onset_s,offset_s,notated_path', 'robin,0,2,six.wav\nwren,2,4,six.wav'],
    ['file,start_seconds,end_seconds,label', 'six.wav,0,2,robin\nsix.wav,2,4,wren'],
    ['filename,onset,offset,event_label', 'six.wav,0,2,robin\nsix.wav,2,4,wren'],
    ['filename,t_start,t_end,species', 'six.wav,0,2,robin\nsix.wav,2,4,wren'],
    ['file,start_ms,end_ms,label', 'six.wav,0,2000,robin\nsix.wav,2000,4000,wren'],
  ])('stretches by the columns %s', async (head, rows) => {
    const listed = await listClasses(
      [
        { path: 'x.csv', blob: new Blob([`${head}\n${rows}`]) },
        { path: 'six.wav', blob: new Blob() },
      ],
      [],
    );
    expect(listed.stretches.get('six.wav')).toEqual([
      { startSec: 0, endSec: 2, label: 'robin' },
      { startSec: 2, endSec: 4, label: 'wren' },
    ]);
  });
  it('smallest and largest values are no stretches', async () => {
    const found = await read({ 'x.csv': 'file,label,min,max\na.wav,dog,1,2\nb.wav,cat,3,4' }, ['a.wav', 'b.wav']);
    expect([found.classes, found.remarks]).toEqual([['dog', 'cat'], []]);
  });
  it('a track of points says what is missing', async () => {
    const found = await read({ 'a.txt': '1.0\t1.0\tbird\n2.0\t2.0\tbird\n' }, ['a.wav']);
    expect(found.remarks[0]).toMatch(/points without a length/);
  });
  it('UrbanSound8K', async () => {
    const csv = `slice_file_name,fsID,start,end,salience,fold,classID,class
100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark`;
    const found = await read({ 'metadata/UrbanSound8K.csv': csv }, ['audio/fold5/100032-3-0-0.wav']);
    expect([found.classes, found.groups, found.remarks]).toEqual([
      ['dog_bark'],
      ['100032'],
      ['metadata/UrbanSound8K.csv: Its folds were not taken: what belongs together is said by the column fsID.'],
    ]);
  });
  it('columns in any order, any delimiter, with parts, and without a header', async () => {
    const media = ['a.wav', 'b.wav', 'c.wav'];
    for (const [name, text] of [
      ['x.csv', 'label;split;file\ndog;train;a.wav\ncat;test;b.wav\ndog;dev;c.wav'],
      ['x.tsv', 'split\tpath\tclass\ntrain\ta.wav\tdog\ntest\tb.wav\tcat\ndev\tc.wav\tdog'],
      ['x.csv', 'train,dog,a.wav\ntest,cat,b.wav\nval,dog,c.wav'],
    ] as const) {
      const found = await read({ [name]: text }, media);
      expect(found.classes, text).toEqual(['dog', 'cat', 'dog']);
      expect(found.parts, text).toEqual(['training', 'testing', 'validation']);
      expect(found.remarks, text).toEqual([]);
    }
  });
  it('Hugging Face', async () => {
    const media = ['train/a.jpg', 'train/b.jpg'];
    const lines = '{"file_name": "a.jpg", "label": "dog"}\n{"file_name": "b.jpg", "label": "cat"}\n';
    expect((await read({ 'train/metadata.jsonl': lines }, media)).classes).toEqual(['dog', 'cat']);
    const csv = 'file_name,label\na.jpg,dog\nb.jpg,cat\n';
    expect((await read({ 'train/metadata.csv': csv }, media)).classes).toEqual(['dog', 'cat']);
  });
  it('Edge Impulse', async () => {
    const file = (path: string, category: string, label: string) => ({
      path,
      category,
      label: { type: 'label', label },
    });
    const labels = JSON.stringify({
      version: 1,
      files: [file('training/hello.1.wav', 'training', 'hello'), file('testing/noise.2.wav', 'testing', 'noise')],
    });
    const found = await read({ 'info.labels': labels }, ['training/hello.1.wav', 'testing/noise.2.wav']);
    expect(found).toEqual({
      classes: ['hello', 'noise'],
      parts: ['training', 'testing'],
      groups: [null, null],
      remarks: [],
    });
    const json = '{"protected":{},"signature":"","payload":{"sensors":[{"name":"audio"}],"values":[1]}}';
    expect((await read({ 'a.json': json }, [])).remarks[0]).toMatch(/Edge Impulse as JSON.*WAV/);
  });
  it('Speech Commands: lists of two parts leave the third to the rest', async () => {
    const found = await read({ 'validation_list.txt': 'yes/a.wav\n', 'testing_list.txt': 'no/b.wav\n' }, [
      'yes/a.wav',
      'no/b.wav',
      'no/c.wav',
    ]);
    expect(found.parts).toEqual(['validation', 'testing', 'training']);
    expect(found.classes).toEqual([null, null, null]);
    expect(found.remarks).toEqual([]);
  });
  it('that contradict themselves keep the first word and say so', async () => {
    const found = await read({ 'x.csv': 'file,label\na.wav,dog\na.wav,cat\n,dog\nb.wav,' }, ['a.wav', 'b.wav']);
    expect(found.classes).toEqual(['dog', null]);
    expect(found.remarks).toHaveLength(3);
  });
  it('that are none are said to be what they are', async () => {
    const found = await read({ 'notes.txt': 'Bought a microphone.', 'x.TextGrid': 'File type = "ooTextFile"' }, [
      'garden.wav',
    ]);
    expect(found.remarks).toEqual([
      expect.stringContaining('A text beside the data'),
      expect.stringContaining('Tiers of Praat'),
    ]);
  });
});

describe('files', () => {
  it('are found in any Unicode form, encoding, case and with any slash', () => {
    const nfd = 'images/Ma\u0308dchen.jpg';
    expect(new FileIndex([nfd]).find('M\u00e4dchen.jpg', '')?.path).toBe(nfd);
    const accent = 'images/Capture_d\u00e9cran.png';
    expect(new FileIndex([accent]).find('Capture_d%C3%A9cran', 'labels/')?.path).toBe(accent);
    expect(new FileIndex(['images/100%25 x.jpg']).find('100% x.jpg', '')?.path).toBe('images/100%25 x.jpg');
    expect(new FileIndex(['a/B.JPG']).find('C:\\data\\a\\b.jpg', '')?.path).toBe('a/B.JPG');
  });
  it('beside the list are meant before others of the same name', () => {
    const index = new FileIndex(['train/a.jpg', 'test/a.jpg']);
    expect(index.find('a.jpg', 'test/')).toEqual({ path: 'test/a.jpg', others: 0 });
    expect(index.find('a.jpg', '')?.others).toBe(1);
  });
  it('have clean paths, or lead out of their folder', () => {
    expect(cleanPath('./set\\dog\\1.wav')).toBe('set/dog/1.wav');
    expect(cleanPath('C:\\set\\1.wav')).toBe('set/1.wav');
    expect(cleanPath('/abs/1.wav')).toBe('abs/1.wav');
    expect(cleanPath('../../etc/passwd')).toBeNull();
    expect(isDocumentPath('set/README.md') && isDocumentPath('LICENSE') && isDocumentPath('a/readme.txt')).toBe(true);
    expect(isDocumentPath('notice/1.wav') || isDocumentPath('license.jpg') || isDocumentPath('a.csv')).toBe(false);
  });
  it('as text are read in the encodings people have', async () => {
    const utf16 = (text: string, isLittle: boolean) => {
      const bytes = new Uint8Array(2 * text.length);
      const view = new DataView(bytes.buffer);
      [...text].forEach((letter, i) => view.setUint16(2 * i, letter.charCodeAt(0), isLittle));
      return bytes;
    };
    const text = 'file,label\ncaf\u00e9.wav,K\u00e4se\n';
    for (const bytes of [
      new TextEncoder().encode(text),
      new TextEncoder().encode('\ufeff' + text),
      utf16('\ufeff' + text, true),
      utf16('\ufeff' + text, false),
      utf16(text, true),
      Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
    ])
      expect(await readText(new Blob([bytes]))).toBe(text);
  });
  it('of older programs are read by what they look like, XML by what it declares, and without Excel\u2019s first line', async () => {
    const gbk = [0xb9, 0xb7, 0x2c, 0xc3, 0xa8];
    const cyrillic = [0xea, 0xee, 0xf8, 0xea, 0xe0];
    const korean = [0xb0, 0xad, 0xbe, 0xc6, 0xc1, 0xf6, 0xb0, 0xed, 0xbe, 0xe7, 0xc0, 0xcc];
    const of = (bytes: number[]) => readText(new Blob([Uint8Array.from(bytes)]));
    expect(await of(gbk)).toBe('狗,猫');
    expect(await of(cyrillic)).toBe('кошка');
    expect(await of(korean)).toBe('강아지고양이');
    const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
    const declared = [...ascii('<?xml version="1.0" encoding="Shift_JIS"?><a>'), 0x8c, 0xa2, ...ascii('</a>')];
    expect(await of(declared)).toContain('<a>犬</a>');
    expect(await of(ascii('sep=;\r\na;b\n'))).toBe('a;b\n');
    // As long as lists may be: only a part is looked at.
    const started = performance.now();
    expect(await of(Array.from({ length: 3_000_000 }, (_, i) => (i % 2 ? 0xe4 : 0x61)))).toHaveLength(3_000_000);
    expect(performance.now() - started).toBeLessThan(4000);
    // Accents of the West stand alone.
    expect(await of([...ascii('M'), 0xe4, ...ascii('dchen, caf'), 0xe9])).toBe('Mädchen, café');
  });
  it('in zips are counted before anything is unpacked', () => {
    expect(() => checkSize(Array(300_001).fill({ uncompressedSize: 1 }) as { uncompressedSize: number }[])).toThrow(
      /300,000 files/,
    );
    expect(() => checkSize([{ uncompressedSize: 41e9 }])).toThrow(/40 GB/);
    expect(() => checkSize([{ uncompressedSize: 1e9 }])).not.toThrow();
  });
  it('in zips of other systems keep their letters', () => {
    const gbk = Uint8Array.from([0xb9, 0xb7, 0x2f, 0x31]);
    // 猫 is C3 A8, which is also valid UTF-8.
    expect(decodeNames([gbk, Uint8Array.from([0xc3, 0xa8])])).toEqual(['\u72d7/1', '\u732b']);
    expect(decodeNames([gbk, new TextEncoder().encode('a/1')])).toEqual(['\u72d7/1', 'a/1']);
    const sjis = Uint8Array.from([0x83, 0x43, 0x83, 0x6b]);
    expect(decodeNames([sjis])).toEqual(['\u30a4\u30cc']);
    expect(decodeNames([new TextEncoder().encode('K\u00e4se')])).toEqual(['K\u00e4se']);
    expect(decodeNames([Uint8Array.from([0x4b, 0x84, 0x73])])).toBeNull();
    expect(decodeNames([new TextEncoder().encode('plain')])).toBeNull();
    // What is no UTF-8 is a guess, and said to be one.
    expect([areNamesSure([gbk]), areNamesSure([sjis]), areNamesSure([new TextEncoder().encode('Käse')])]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('anything at all', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'train',
      'test',
      'dog',
      'cat',
      'audio',
      'fold1',
      '_background_noise_',
      'anna',
      '__proto__',
      'constructor',
    ),
    fc.string({ maxLength: 12 }).map((text) => text.replace(/\//g, '')),
  );
  it('has readings that name only its own files, and never the same path twice', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.array(name, { minLength: 1, maxLength: 5 }).map((list) => list.join('/')),
          { maxLength: 30 },
        ),
        (paths) => {
          const { parts, readings } = readStructure(paths);
          expect(readings.length).toBeGreaterThan(0);
          expect(readings.at(-1)!.id).toBe('none');
          const own = new Set(paths);
          for (const { classes, groups } of readings) {
            for (const path of [...classes.keys(), ...groups.keys()]) expect(own.has(path)).toBe(true);
            for (const label of classes.values()) expect(typeof label).toBe('string');
          }
          for (const path of parts.keys()) expect(own.has(path)).toBe(true);
        },
      ),
      { numRuns: 1000, seed: 13 },
    );
  });
  it('as a list never throws, and changes no prototype', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc.json(),
          fc.array(fc.array(name), { maxLength: 8 }).map((rows) => rows.map((row) => row.join(',')).join('\n')),
        ),
        fc.constantFrom('x.csv', 'x.tsv', 'info.labels', 'metadata.jsonl', 'testing_list.txt', 'a.json'),
        async (text, path) => {
          const found = await readClassLists(
            [
              { path, blob: new Blob([text]) },
              { path: 'dog/1.wav', blob: new Blob() },
            ],
            [],
            () => {},
          );
          expect(found.used.has(path)).toBe(true);
        },
      ),
      { numRuns: 1000, seed: 13 },
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
