/** The forms a data set leaves in: what each writes (its words: forms.ts). Any thread; pure. */
import { required } from '../../kernel/assert.ts';
import type { ItemPart } from '../../domain/project.ts';
import { fileHashOf } from '../../domain/stretch.ts';
import { COCO, writeCoco } from '../annotations/coco.ts';
import { CREATE_ML, writeCreateMl } from '../annotations/create-ml.ts';
import { CLASS_LISTS, writeClassList } from '../annotations/class-lists.ts';
import { CSV, writeCsv } from '../annotations/csv.ts';
import type { FormatTable, LabelledPicture } from '../annotations/format.ts';
import { LABEL_TRACKS, writeLabelTrack } from '../annotations/label-tracks.ts';
import { LABEL_STUDIO, writeLabelStudio } from '../annotations/label-studio.ts';
import { MOTION_LISTS, writeMotionCsv, writeMotionJson } from '../annotations/motion.ts';
import { VOC, writeVoc } from '../annotations/voc.ts';
import { writeYolo, writeYoloSet, YOLO } from '../annotations/yolo.ts';
import type { SaveKey } from '../archive-contract.ts';
import { fileName } from '../labels.ts';
import {
  classFolders,
  mediaFiles,
  Names,
  partLists,
  safeName,
  SHORT_PARTS,
  type DataSet,
  type SetExample,
  type SetFile,
} from './set.ts';

/** See the file header. */
export type DataFormat = {
  key: SaveKey;
  /** The table of what is read of it. */
  table: FormatTable;
  write: (set: DataSet) => SetFile[];
};

/** Speech Commands' name for sounds that are no class. */
const BACKGROUND = '_background_noise_';
const isBackground = ({ item }: SetExample) => item.part === 'background';
const longPart = (part: ItemPart) => (part === 'background' ? 'training' : part);
const folderOfPart = (set: DataSet, part: ItemPart) => (set.parts === 'folders' ? `${longPart(part)}/` : '');

/** Examples as pictures with boxes, by the path of their files. */
const picturesOf = (examples: readonly SetExample[], pathOf: (example: SetExample) => string): LabelledPicture[] =>
  examples.flatMap((example) => {
    const { media, part } = example.item;
    if (!example.isLabelled || !('width' in media)) return [];
    return [
      { path: pathOf(example), width: media.width, height: media.height, part: longPart(part), boxes: example.boxes },
    ];
  });

/** Examples by part, in the order parts are shown. */
function byPart(examples: readonly SetExample[]): [ItemPart, SetExample[]][] {
  const parts = new Map<ItemPart, SetExample[]>();
  for (const example of examples) {
    const known = parts.get(example.item.part);
    if (known) known.push(example);
    else parts.set(example.item.part, [example]);
  }
  return [...parts];
}

/** Files in folders of their classes; stretches of videos and what has no class lie together, a list says what they show. */
function inClassFolders(set: DataSet): { files: SetFile[]; pathOf: (example: SetExample) => string } {
  const folders = classFolders(set.classes);
  const folderOf = (example: SetExample) => {
    const part = folderOfPart(set, example.item.part);
    if (isBackground(example)) return `${part}${BACKGROUND}/`;
    const isAlone = example.className === null || example.stretch !== null;
    return isAlone ? `${part}media/` : `${part}${folders.get(example.className!)!}/`;
  };
  return { files: mediaFiles(set.examples, folderOf), pathOf: (example) => folderOf(example) + example.file };
}

/** The table of classes; none when nothing has one. */
const listOfClasses = (examples: readonly SetExample[], pathOf: (example: SetExample) => string): SetFile[] => {
  const isMovement = examples.some(({ item }) => 'fileSec' in item.media);
  const rows = examples
    .filter((example) => example.className !== null && !isBackground(example))
    .map((example) => ({
      file: pathOf(example),
      label: example.className!,
      part: longPart(example.item.part),
      group: example.group,
      stretch: example.stretch,
    }));
  if (rows.length === 0) return [];
  return [isMovement ? writeMotionCsv(rows, 'labels.csv') : writeClassList(rows, 'labels.csv')];
};

const createMl = (keys?: readonly [string, string]) => (set: DataSet) => {
  const folderOf = ({ item }: SetExample) => folderOfPart(set, item.part);
  const files = mediaFiles(set.examples, folderOf);
  const groups = set.parts === 'folders' ? byPart(set.examples) : ([['training', set.examples]] as const);
  return [
    ...files,
    ...groups.map(([part, examples]) =>
      writeCreateMl(
        picturesOf(examples, ({ file }) => file),
        `${folderOfPart(set, part)}annotations.json`,
        keys,
      ),
    ),
    ...listsOf(set, (example) => folderOf(example) + example.file),
  ];
};
const listsOf = (set: DataSet, pathOf: (example: SetExample) => string) =>
  set.parts === 'lists' ? partLists(set.examples, pathOf, (part) => `${longPart(part)}.txt`) : [];

/** See the file header; the first that fits is the one to offer. */
export const DATA_FORMATS: readonly DataFormat[] = [
  {
    key: 'folders',
    table: CLASS_LISTS,
    write: (set) => {
      const { files, pathOf } = inClassFolders(set);
      return [...files, ...listOfClasses(set.examples, pathOf), ...listsOf(set, pathOf)];
    },
  },
  {
    key: 'create-ml-folders',
    table: CLASS_LISTS,
    write: (set) => {
      const { files, pathOf } = inClassFolders({
        ...set,
        examples: set.examples.filter(({ className }) => className !== null),
      });
      return [
        ...files,
        ...listsOf({ ...set, examples: set.examples.filter(({ className }) => className !== null) }, pathOf),
      ];
    },
  },
  ...(['json', 'csv'] as const).map((kind): DataFormat => ({
    key: kind === 'json' ? 'create-ml-actions' : 'create-ml-actions-csv',
    table: MOTION_LISTS,
    write: (set) => {
      const write = kind === 'json' ? writeMotionJson : writeMotionCsv;
      const groups = set.parts === 'folders' ? byPart(set.examples) : ([['training', set.examples]] as const);
      const folderOf = ({ item }: SetExample) => folderOfPart(set, item.part);
      return [
        ...mediaFiles(set.examples, folderOf),
        ...groups.map(([part, examples]) => {
          const rows = examples
            .filter(({ className }) => className !== null)
            .map(({ file, className, group, stretch }) => ({ file, label: className!, part: null, group, stretch }));
          return write(rows, `${folderOfPart(set, part)}annotations.${kind}`);
        }),
        ...listsOf(set, (example) => folderOf(example) + example.file),
      ];
    },
  })),
  ...(['json', 'csv'] as const).map((kind): DataFormat => ({
    key: kind === 'json' ? 'landmarks' : 'landmarks-csv',
    table: MOTION_LISTS,
    write: (set) => {
      const names = new Names();
      const folders = classFolders(set.classes);
      const made = set.examples.flatMap((example) => {
        if (!example.made) return [];
        const { file, stretch, className } = example;
        const stem = file.replace(/\.[^.]*$/, '') + (stretch ? ` ${stretch.startSec.toFixed(1)}` : '');
        const folder = className === null ? 'media' : folders.get(className)!;
        const path = `${folderOfPart(set, example.item.part)}${folder}/${names.take(stem, `.${kind}`)}`;
        return [{ example, path, file: example.made }];
      });
      // A stretch has become a file of its own.
      const whole = made.map(({ example, path }): [SetExample, string] => [{ ...example, stretch: null }, path]);
      const paths = new Map(whole);
      const pathOf = (example: SetExample) => paths.get(example)!;
      const examples = [...paths.keys()];
      return [
        ...made.map(({ path, file }): SetFile => ({ path, made: file })),
        ...listOfClasses(examples, pathOf),
        ...listsOf({ ...set, examples }, pathOf),
      ];
    },
  })),
  {
    key: 'class-csv',
    table: CLASS_LISTS,
    write: (set) => {
      const pathOf = (example: SetExample) => `media/${example.file}`;
      return [...mediaFiles(set.examples, () => 'media/'), ...listOfClasses(set.examples, pathOf)];
    },
  },
  {
    key: 'teachable-machine',
    table: CLASS_LISTS,
    write: (set) => {
      const folders = classFolders(set.classes);
      const counts = new Map<string, number>();
      const numbered = set.examples.flatMap((example) => {
        if (example.className === null) return [];
        const folder = folderOfPart(set, example.item.part) + folders.get(example.className)!;
        const n = counts.get(folder) ?? 0;
        counts.set(folder, n + 1);
        return [{ example, path: `${folder}/${n}${/\.[^.]*$/.exec(example.file)?.[0] ?? ''}` }];
      });
      const paths = new Map(numbered.map(({ example, path }) => [example, path]));
      return [
        ...numbered.map(({ example, path }): SetFile => ({ path, hash: example.item.hash })),
        ...listsOf({ ...set, examples: [...paths.keys()] }, (example) => paths.get(example)!),
      ];
    },
  },
  {
    key: 'audacity',
    table: LABEL_TRACKS,
    write: (set) => {
      const folderOf = ({ item }: SetExample) => folderOfPart(set, item.part);
      // Segments of a recording are lines of its track: the recording itself goes along, once.
      const names = new Names();
      for (const { file } of set.examples) names.take(file.replace(/\.[^.]*$/, ''), /\.[^.]*$/.exec(file)?.[0] ?? '');
      const recordings = new Map<string, string>();
      const fileOf = ({ item, file }: SetExample): string => {
        const hash = fileHashOf(item.hash);
        if (hash === item.hash) return file;
        const name = safeName(fileName(item.path));
        const known =
          recordings.get(hash) ?? names.take(name.replace(/\.[^.]*$/, ''), /\.[^.]*$/.exec(name)?.[0] ?? '');
        recordings.set(hash, known);
        return known;
      };
      const tracks = new Map<string, Parameters<typeof writeLabelTrack>[0]>();
      const files = new Map<string, SetFile>();
      for (const example of set.examples) {
        const { media, hash } = example.item;
        const path = folderOf(example) + fileOf(example);
        files.set(path, { path, hash: fileHashOf(hash) });
        if (example.className === null || !('durationSec' in media)) continue;
        const own = 'stretch' in media ? media.stretch : null;
        const { startSec, endSec } = own ?? { startSec: 0, endSec: media.durationSec };
        const track = path.replace(/\.[^.]*$/, '.txt');
        tracks.set(track, [...(tracks.get(track) ?? []), { startSec, endSec, label: example.className }]);
      }
      return [
        ...files.values(),
        ...[...tracks].map(([path, rows]) =>
          writeLabelTrack(
            rows.toSorted((a, b) => a.startSec - b.startSec),
            path,
          ),
        ),
        ...listsOf(set, (example) => folderOf(example) + fileOf(example)),
      ];
    },
  },
  {
    key: 'create-ml-boxes',
    table: CREATE_ML,
    write: createMl(),
  },
  {
    key: 'create-ml-apple',
    table: CREATE_ML,
    write: createMl(['imagefilename', 'annotation']),
  },
  {
    key: 'coco',
    table: COCO,
    write: (set) => {
      const isFolders = set.parts === 'folders';
      const folderOf = ({ item }: SetExample) => (isFolders ? `${SHORT_PARTS[item.part]}/` : 'images/');
      const groups = isFolders ? byPart(set.examples) : ([['training', set.examples]] as const);
      return [
        ...mediaFiles(set.examples, folderOf),
        ...groups.map(([part, examples]) =>
          writeCoco(
            picturesOf(examples, ({ file }) => file),
            set.classes,
            `annotations/instances${isFolders ? `_${SHORT_PARTS[part]}` : ''}.json`,
          ),
        ),
        ...listsOf(set, (example) => folderOf(example) + example.file),
      ];
    },
  },
  {
    key: 'yolo',
    table: YOLO,
    write: (set) => {
      const isFolders = set.parts === 'folders';
      // A picture without a text is background to a trainer: those nobody has annotated lie apart.
      const folderOf = (root: string, { item, isLabelled }: SetExample) =>
        !isLabelled ? 'unlabelled/' : isFolders ? `${root}/${SHORT_PARTS[item.part]}/` : `${root}/`;
      const done = set.examples.filter((example) => example.isLabelled);
      const parts = byPart(done).map(([part]) => SHORT_PARTS[part]);
      const placeOf = (part: string) => (isFolders ? `images/${part}` : `${part}.txt`);
      // Trainers want the key `val`; without such a part it names the training pictures, never those of testing.
      const places = Object.fromEntries(parts.map((part) => [part, placeOf(part)]));
      const texts = set.examples.flatMap((example) =>
        picturesOf([example], ({ file }) => file).map((picture) =>
          writeYolo(picture, set.classes, folderOf('labels', example) + example.file.replace(/\.[^.]*$/, '') + '.txt'),
        ),
      );
      return [
        ...mediaFiles(set.examples, (example) => folderOf('images', example)),
        ...texts,
        writeYoloSet(set.classes, places.val || !places.train ? places : { ...places, val: placeOf('train') }),
        ...(isFolders
          ? []
          : partLists(
              done,
              (example) => `./${folderOf('images', example)}${example.file}`,
              (part) => `${SHORT_PARTS[part]}.txt`,
            )),
      ];
    },
  },
  {
    key: 'voc',
    table: VOC,
    write: (set) => [
      ...mediaFiles(set.examples, () => 'JPEGImages/'),
      ...set.examples.flatMap((example) =>
        picturesOf([example], ({ file }) => `JPEGImages/${file}`).map((picture) =>
          writeVoc(picture, `Annotations/${example.file.replace(/\.[^.]*$/, '')}.xml`),
        ),
      ),
      ...partLists(
        set.examples.filter((example) => example.isLabelled),
        ({ file }) => file.replace(/\.[^.]*$/, ''),
        (part) => `ImageSets/Main/${SHORT_PARTS[part]}.txt`,
      ),
    ],
  },
  {
    key: 'box-csv',
    table: CSV,
    write: (set) => [
      ...mediaFiles(set.examples, () => 'images/'),
      writeCsv(
        picturesOf(set.examples, ({ file }) => `images/${file}`),
        'annotations.csv',
      ),
      // The table does not name what nobody has annotated.
      ...partLists(
        set.examples.filter((example) => !example.isLabelled),
        ({ file }) => `images/${file}`,
        (part) => `${longPart(part)}.txt`,
      ),
    ],
  },
  {
    key: 'label-studio',
    table: LABEL_STUDIO,
    write: (set) => {
      const folderOf = ({ item }: SetExample) => `images/${folderOfPart(set, item.part)}`;
      const pathOf = (example: SetExample) => folderOf(example) + example.file;
      return [
        ...mediaFiles(set.examples, folderOf),
        writeLabelStudio(picturesOf(set.examples, pathOf), 'tasks.json'),
        ...listsOf(set, pathOf),
      ];
    },
  },
];

/** The form of a key. */
export const formatOf = (key: SaveKey): DataFormat =>
  required(
    DATA_FORMATS.find((one) => one.key === key),
    key,
  );
