/** Boxes as people's tools write them (shared/odd): every dialect gives the box it means, or says why not. */
import { readBoxFiles } from '../helpers/annotations.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/kernel/json.ts';
import { readLists } from '../../src/dataset/annotations/readers.ts';
import { listBoxes } from '../../src/dataset/annotations/boxes.ts';
import { collectPictureAnnotations } from '../../src/dataset/annotations/collect.ts';
import { placeBoxes } from '../../src/dataset/annotations/place.ts';

import { readYoloLine } from '../../src/dataset/annotations/yolo.ts';
import { foreignPicture, readOrientation } from '../../src/features/picture/decode-picture.ts';

const WIDTH = 64;
const HEIGHT = 48;
/** The box all cases mean: 16, 12, 16 × 12 pixels of a picture of 64 × 48. */
const BOX = [0.25, 0.25, 0.25, 0.25];

/** What becomes of files beside pictures: boxes as `label x y width height` by picture, parts, and what is said. */
function read(files: Record<string, unknown>, pictures: readonly string[] = ['a.jpg'], orientation = 1) {
  const texts = Object.entries(files).map(([path, content]) => ({
    path,
    text: typeof content === 'string' ? content : JSON.stringify(content),
  }));
  const { notes, remarks, parts, used } = collectPictureAnnotations(texts, pictures);
  const said = remarks.map(({ reason }) => reason);
  const boxes = Object.fromEntries(
    [...notes].map(([path, note]) => {
      const placed = placeBoxes(note, WIDTH, HEIGHT, orientation);
      said.push(...placed.remarks.map(({ reason }) => reason));
      return [
        path,
        placed.boxes.map(({ label, x, y, width, height }) => [
          label,
          ...[x, y, width, height].map((side) => Math.round(side * 1e4) / 1e4),
        ]),
      ];
    }),
  );
  return {
    boxes,
    said,
    parts: Object.fromEntries(parts),
    left: texts.map(({ path }) => path).filter((path) => !used.has(path)),
  };
}
const cat = ['cat', ...BOX];
/** The files say exactly the one box of a.jpg, and nothing is odd. */
const expectCat = (files: Record<string, unknown>, picture = 'a.jpg') => {
  const found = read(files, [picture]);
  expect(found.boxes).toEqual({ [picture]: [cat] });
  expect(found.said).toEqual([]);
};

const record = (image = 'a.jpg') => ({
  image,
  annotations: [{ label: 'cat', coordinates: { x: 24, y: 18, width: 16, height: 12 } }],
});
const coco = (annotation: object, more: object = {}) => ({
  images: [{ id: 1, file_name: 'a.jpg', width: WIDTH, height: HEIGHT }],
  categories: [{ id: 1, name: 'cat' }],
  annotations: [{ id: 1, image_id: 1, category_id: 1, ...annotation }],
  ...more,
});
const voc = (label: string, name = 'a.jpg', size = [WIDTH, HEIGHT]) =>
  `<annotation><filename>${name}</filename><size><width>${size[0]}</width><height>${size[1]}</height></size><object><name>${label}</name><bndbox><xmin>16</xmin><ymin>12</ymin><xmax>32</xmax><ymax>24</ymax></bndbox></object></annotation>`;
const outline = [[16, 12, 32, 12, 32, 24, 16, 24]];
/** Runs of a mask, column by column, that covers the columns and rows given. */
const mask = (...areas: [left: number, top: number, right: number, bottom: number][]) => {
  const counts: number[] = [];
  let [value, run] = [false, 0];
  for (let at = 0; at < WIDTH * HEIGHT; at++) {
    const [x, y] = [Math.floor(at / HEIGHT), at % HEIGHT];
    const isIn = areas.some(([left, top, right, bottom]) => x >= left && x < right && y >= top && y < bottom);
    if (isIn !== value) {
      counts.push(run);
      [value, run] = [isIn, 0];
    }
    run++;
  }
  return { counts: [...counts, run], size: [HEIGHT, WIDTH] };
};
/** Runs in COCO's letters: `rleToString` of pycocotools' maskApi.c. */
const inLetters = (runs: readonly number[]) =>
  runs
    .map((run, i) => {
      let rest = i > 2 ? run - runs[i - 2]! : run;
      let letters = '';
      for (let isMore = true; isMore;) {
        let bits = rest & 0x1f;
        rest >>= 5;
        isMore = bits & 0x10 ? rest !== -1 : rest !== 0;
        if (isMore) bits |= 0x20;
        letters += String.fromCharCode(bits + 48);
      }
      return letters;
    })
    .join('');

describe('Create ML', () => {
  it('in lists, in an object, alone, one file a picture, with commas', () => {
    expectCat({ 'a.json': [[record()]] });
    expectCat({ 'a.json': { images: [record()] } });
    expectCat({ 'a.json': record() });
    const { image, annotations } = record();
    expectCat({ 'x.json': [{ imagefilename: image, annotation: annotations }] });
    expectCat({
      'x.json': [
        { image, annotations: [{ label: 'cat', coordinates: { x: '24,0', y: ' 18 ', width: '16', height: '12.0' } }] },
      ],
    });
    expectCat({ 'x.json': [record('C:\\Users\\me\\Pictures\\a.jpg')] });
  });
});

describe('COCO', () => {
  it('has ids as text or number, and names in any Unicode form', () => {
    expectCat({
      'c.json': {
        images: [{ id: '2', file_name: 'a.jpg', width: WIDTH, height: HEIGHT }],
        categories: [{ id: '1', name: 'cat' }],
        annotations: [{ id: 1, image_id: 2, category_id: 1, bbox: [16, 12, 16, 12] }],
      },
    });
    const found = read({ 'x.json': [record('Mädchen.jpg'.normalize('NFC'))] }, ['Mädchen.jpg'.normalize('NFD')]);
    expect(Object.values(found.boxes)).toEqual([[cat]]);
  });
  it('takes the box around polygons and masks, written as numbers or in letters', () => {
    expectCat({ 'c.json': coco({ segmentation: outline }) });
    expectCat({ 'c.json': coco({ bbox: [], segmentation: outline }) });
    expectCat({ 'c.json': coco({ segmentation: mask([16, 12, 32, 24]) }) });
    const { counts, size } = mask([16, 12, 32, 24], [20, 24, 24, 24]);
    expectCat({ 'c.json': coco({ segmentation: { counts: inLetters(counts), size } }) });
  });
  it('reads a crowd of one connected region, and leaves a crowd of several out', () => {
    expectCat({ 'c.json': coco({ iscrowd: 1, segmentation: mask([16, 12, 32, 24]) }) });
    const several = read({
      'c.json': coco({ iscrowd: 1, bbox: [0, 0, 64, 48], segmentation: mask([0, 0, 9, 9], [20, 20, 30, 30]) }),
    });
    expect(several.boxes).toEqual({ 'a.jpg': [] });
    expect(several.said).toEqual(['a.jpg: annotation 1 stands for a crowd and was left out.']);
    // An L-shape is one region, two corners that do not touch are two.
    const touches = (gap: number) =>
      read({ 'c.json': coco({ iscrowd: 1, segmentation: mask([10, 10, 20, 20], [20 + gap, 19, 30, 30]) }) }).said
        .length;
    expect([touches(0), touches(1)]).toEqual([0, 1]);
  });
  it('says of keypoints alone that boxes are needed, and reads NaN as Python writes it', () => {
    expect(read({ 'c.json': coco({ keypoints: [1, 2, 2] }) }).said).toEqual([
      'a.jpg: annotation 1 has only keypoints: boxes are needed.',
    ]);
    const text = JSON.stringify(coco({ bbox: [16, 12, 16, 12], area: 0, note: 'NaN' })).replace(
      '"area":0',
      '"area":NaN',
    );
    expectCat({ 'c.json': text });
  });
  it('says once that captions are no boxes, and reads Hugging Face’s lines', () => {
    const captions = { ...coco({}), annotations: [1, 2, 3].map((id) => ({ id, image_id: 1, caption: 'A cat.' })) };
    const found = read({ 'captions_val2017.json': captions, 'c.json': coco({ bbox: [16, 12, 16, 12] }) });
    expect([found.boxes, found.said]).toEqual([{ 'a.jpg': [cat] }, ['Its 3 captions are no boxes.']]);
    const line = (name: string, categories: unknown[]) =>
      JSON.stringify({ file_name: name, objects: { bbox: [[16, 12, 16, 12]], categories } });
    const faces = read({ 'metadata.jsonl': `${line('a.jpg', ['cat'])}\n${line('b.jpg', [0])}\n` }, ['a.jpg', 'b.jpg']);
    expect(faces.boxes).toEqual({ 'a.jpg': [cat], 'b.jpg': [['class 0', ...BOX]] });
  });
  it('reads panoptic segments', () => {
    expectCat({ 'c.json': coco({ segments_info: [{ category_id: 1, bbox: [16, 12, 16, 12] }] }) });
  });
});

describe('YOLO', () => {
  const line = '1 0.375 0.375 0.25 0.25\n';
  const names = (yaml: string) =>
    read({ 'data.yaml': yaml, 'labels/a.txt': line }, ['images/a.jpg']).boxes['images/a.jpg']!;
  it.each([
    ['inline table', 'path: ../x\ntrain: images\nnames: {0: dog, 1: cat}\n'],
    ['comment behind the key', 'names: # classes\n  0: dog\n  1: cat\n  # …\n'],
    ['blank lines and comments between', 'names:\n  0: dog # barks\n\n  # others\n  1: cat # purrs\n'],
    ['quoted numbers', "names:\n  '0': dog\n  '1': cat\n"],
    ['list', 'nc: 2\nnames:\n- dog\n- cat\n'],
    ['inline list', 'names: [\'dog\', "cat"]\n'],
    ['a key far out', 'names:\n  1: cat\n  4000000000: x\n'],
  ])('names as %s', (_how, yaml) => expect(names(yaml)).toEqual([cat]));
  it('says that a YAML file is broken, and goes on', () => {
    const found = read({ 'data.yaml': 'names: [cat\n  x: {', 'a.txt': '0 0.375 0.375 0.25 0.25\n' });
    expect(found.said[0]).toMatch(/not valid YAML/);
    expect(found.boxes['a.jpg']).toEqual([['class 0', ...BOX]]);
  });
  it('pose lines by their shape, outlines, turned boxes, confidences', () => {
    const of = (text: string, yaml = 'names: [cat]\n') => read({ 'data.yaml': yaml, 'a.txt': text }).boxes['a.jpg'];
    const box = '0 0.375 0.375 0.25 0.25';
    const pose = (size: number) => ` ${Array(size).fill('0.9').join(' ')} `.repeat(3);
    expect(of(box + pose(3), 'names: [cat]\nkpt_shape: [3, 3]\n')).toEqual([cat]);
    expect(of(box + pose(2), 'names: [cat]\nkpt_shape: [3, 2]\n')).toEqual([cat]);
    // Without a shape: keypoints as COCO marks them, keypoints of a prediction, and what else stands behind predictions.
    expect(of(`${box} 0.3 0.3 2 0.4 0.4 1 0 0 0`)).toEqual([cat]);
    expect(of(`${box} 0.3 0.3 0.91 0.4 0.4 0.87 0.35 0.45 0.5`)).toEqual([cat]);
    expect(of('0 0.25 0.25 0.5 0.25 0.5 0.5 0.25 0.5 0.91')).toEqual([cat]);
    expect(of(`${box} 0.91 3`)).toEqual([cat]);
    expect(of('0 0.25 0.25 0.5 0.25 0.5 0.5 0.25 0.5')).toEqual([cat]);
    expect(of(`${box} 0.87`)).toEqual([cat]);
    expect(of('0, 0.375, 0.375, 0.25, 0.25')).toEqual([cat]);
    expect(of('0,0.375,0.375,0.25,0.25')).toEqual([cat]);
    expect(of('0 0,375 0,375 0,25 0,25')).toEqual([cat]);
    expect(readYoloLine('Boxes of dice.')).toBeNull();
  });
  it('takes the shape of keypoints from data.yaml where the names stand beside it', () => {
    const found = read({
      'data.yaml': 'kpt_shape: [3, 2]\n',
      'classes.txt': 'cat\n',
      'a.txt': `0 0.375 0.375 0.25 0.25${' 0.9 0.9'.repeat(3)}\n`,
    });
    expect(found.boxes['a.jpg']).toEqual([cat]);
  });
  it('says that numbers look like pixels, and leaves the picture to do', async () => {
    const found = read({ 'data.yaml': 'names: [cat]\n', 'a.txt': '0 30 20 10 8\n' });
    expect(found.boxes).toEqual({ 'a.jpg': [] });
    expect(found.said).toEqual([expect.stringMatching(/look like pixels/)]);
  });
  it('reads the good lines of a text and says that others cannot be read', () => {
    const found = read({ 'data.yaml': 'names: [cat]\n', 'a.txt': '0 0.375 0.375 0.25 0.25\n0 nan nan 0.1 0.1\n' });
    expect(found.boxes['a.jpg']).toEqual([cat]);
    expect(found.said).toEqual([expect.stringMatching(/^1 of its lines cannot be read/)]);
  });
  it('says that there is no list of names', () => {
    const found = read({ 'a.txt': '0 0.375 0.375 0.25 0.25\n' });
    expect(found.boxes['a.jpg']).toEqual([['class 0', ...BOX]]);
    expect(found.said).toEqual([expect.stringMatching(/^No list of names .* the classes 0/)]);
  });
  it('takes parts from lists, from obj.data and from data.yaml', () => {
    const cvat = read(
      {
        'obj.data': 'classes = 1\ntrain = data/train.txt\nvalid = data/valid.txt\nnames = data/obj.names\n',
        'obj.names': 'cat\n',
        'obj_train_data/a.txt': '0 0.375 0.375 0.25 0.25\n',
        'obj_valid_data/b.txt': '0 0.375 0.375 0.25 0.25\n',
        'train.txt': 'data/obj_train_data/a.jpg\n',
        'valid.txt': 'data/obj_valid_data/b.jpg\n',
      },
      ['obj_train_data/a.jpg', 'obj_valid_data/b.jpg'],
    );
    expect(cvat.parts).toEqual({ 'obj_train_data/a.jpg': 'training', 'obj_valid_data/b.jpg': 'validation' });
    expect([cvat.said, cvat.left]).toEqual([[], []]);
    const yaml = read(
      { 'data.yaml': 'train: ../first\nval: ../second\ntest: mine.txt\nnames: [cat]\n', 'mine.txt': 'third/c.jpg\n' },
      ['first/a.jpg', 'second/b.jpg', 'third/c.jpg'],
    );
    expect(yaml.parts).toEqual({ 'first/a.jpg': 'training', 'second/b.jpg': 'validation', 'third/c.jpg': 'testing' });
    // The deeper folder says more.
    const inside = read({ 'data.yaml': 'train: images\nval: images/val\nnames: [cat]\n' }, [
      'images/a.jpg',
      'images/val/b.jpg',
    ]);
    expect(inside.parts).toEqual({ 'images/a.jpg': 'training', 'images/val/b.jpg': 'validation' });
    // One folder for both says nothing.
    expect(read({ 'data.yaml': 'train: all\nval: all\nnames: [cat]\n' }, ['all/a.jpg']).parts).toEqual({});
  });
  it('finds pictures whose names Label Studio has encoded', () => {
    const found = read({ 'labels/Capture_d%C3%A9cran.txt': '0 0.375 0.375 0.25 0.25\n', 'classes.txt': 'cat\n' }, [
      'images/Capture_décran.png',
    ]);
    expect(Object.values(found.boxes)).toEqual([[cat]]);
  });
});

describe('Pascal VOC', () => {
  it('tries the name inside when no picture has that of the file', () => {
    expectCat({ 'annotations/0001.xml': voc('cat', 'IMG_0001.JPG') }, 'images/IMG_0001.JPG');
    expectCat({ 'annotations/a.xml': voc('cat', 'elsewhere.jpg') }, 'images/a.jpg');
  });
  it.each([
    ['Tom &amp; Jerry', 'Tom & Jerry'],
    ['R&D', 'R&D'],
    ['<![CDATA[x<y]]>', 'x<y'],
    ['caf&#233;', 'café'],
    ['caf&#xe9;', 'café'],
  ])('reads %s', (written, label) => {
    const found = read({ 'a.xml': `<?xml version="1.0"?><!DOCTYPE annotation>\n${voc(written)}` });
    expect(found.boxes['a.jpg']).toEqual([[label, ...BOX]]);
  });
  it('counts the object, not its parts, and every box it has', () => {
    const box = (x: number) => `<bndbox><xmin>${x}</xmin><ymin>12</ymin><xmax>${x + 16}</xmax><ymax>24</ymax></bndbox>`;
    const of = (inside: string) =>
      read({ 'a.xml': `<annotation><object><name>cat</name>${inside}</object></annotation>` }).boxes['a.jpg'];
    expect(of(`<part><name>head</name>${box(0)}</part>${box(16)}`)).toEqual([cat]);
    expect(of(box(16) + box(32))).toEqual([cat, ['cat', 0.5, 0.25, 0.25, 0.25]]);
    expect(of('<polygon><x1>16</x1><y1>12</y1><x2>32</x2><y2>12</y2><x3>20</x3><y3>24</y3></polygon>')).toEqual([cat]);
    expect(of('<robndbox><cx>24</cx><cy>18</cy><w>12</w><h>16</h><angle>1.5707963</angle></robndbox>')).toEqual([cat]);
  });
});

describe('tables', () => {
  it.each([
    ['semicolons', 'x.csv', 'Filename;Width;Height;Class;Xmin;Ymin;Xmax;Ymax\r\na.jpg;64;48;cat;16;12;32;24\r\n'],
    ['tabs', 'x.tsv', 'image\txmin\tymin\txmax\tymax\tlabel\na.jpg\t16\t12\t32\t24\tcat\n'],
    ['decimal commas', 'x.csv', 'filename;xmin;ymin;xmax;ymax;class\r\na.jpg;16,0;12,0;32,0;24,0;cat\r\n'],
    ['no header', 'x.csv', 'img/a.jpg,16,12,32,24,cat\n'],
    ['AutoML', 'x.csv', 'TRAINING,gs://folder/a.jpg,cat,0.25,0.25,,,0.5,0.5,,\n'],
    ['Open Images', 'x.csv', 'ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\na,x,cat,1,0.25,0.5,0.25,0.5\n'],
  ])('with %s', (_how, path, text) => expectCat({ [path]: text }));
  it('AutoML gives parts, Open Images names by their codes', () => {
    const automl = read(
      {
        'x.csv':
          'TRAINING,gs://b/a.jpg,cat,0.25,0.25,0.5,0.25,0.5,0.5,0.25,0.5\nTEST,gs://b/b.jpg,cat,0.25,0.25,,,0.5,0.5,,\n',
      },
      ['a.jpg', 'b.jpg'],
    );
    expect(automl.parts).toEqual({ 'a.jpg': 'training', 'b.jpg': 'testing' });
    expect(automl.boxes).toEqual({ 'a.jpg': [cat], 'b.jpg': [cat] });
    const open = read({
      'class-descriptions-boxable.csv': '/m/01yrx,cat\n/m/0bt9lr,dog\n',
      'train-bbox.csv': 'ImageID,LabelName,XMin,XMax,YMin,YMax\na,/m/01yrx,0.25,0.5,0.25,0.5\n',
    });
    expect(open.boxes['a.jpg']).toEqual([cat]);
  });
  it('a size of the picture is not that of the box; a column bbox; no class at all; make-sense', () => {
    expectCat({ 'x.csv': 'image,x,y,width,height,image_width,image_height,label\na.jpg,16,12,16,12,64,48,cat\n' });
    expectCat({ 'x.csv': 'image_id,width,height,bbox,class\na,64,48,"[16.0, 12.0, 16.0, 12.0]",cat\n' });
    expectCat({ 'x.csv': 'cat,16,12,16,12,a.jpg,64,48\n' });
    const none = read({ 'x.csv': 'image,xmin,ymin,xmax,ymax\na.jpg,16,12,32,24\n' });
    expect(none.boxes['a.jpg']).toEqual([['object', ...BOX]]);
    expect(none.said).toEqual([expect.stringMatching(/names no classes/)]);
  });
  it('files of many pictures give the part they are called after, and choose among pictures of one name', () => {
    const rows = (names: string[]) => names.map((name) => `${name},16,12,32,24,cat`).join('\n');
    const flat = read(
      { 'train.csv': rows(['images/a.jpg', 'images/b.jpg']), 'val.csv': rows(['images/c.jpg', 'images/d.jpg']) },
      [...'abcd'].map((name) => `images/${name}.jpg`),
    );
    expect(Object.values(flat.parts)).toEqual(['training', 'training', 'validation', 'validation']);
    const set = (more: string) => ({
      ...coco({ bbox: [16, 12, 16, 12] }),
      images: [1, 2].map((id) => ({ id, file_name: `${id}${more}.jpg`, width: WIDTH, height: HEIGHT })),
    });
    const found = read(
      { 'annotations/instances_train2017.json': set(''), 'annotations/instances_val2017.json': set('') },
      ['train2017/1.jpg', 'train2017/2.jpg', 'val2017/1.jpg', 'val2017/2.jpg'],
    );
    expect(found.boxes).toEqual({
      'train2017/1.jpg': [cat],
      'train2017/2.jpg': [],
      'val2017/1.jpg': [cat],
      'val2017/2.jpg': [],
    });
    expect(found.said).toEqual([]);
  });
  it('rows of nan mean that nothing is there', () => {
    expect(read({ 'x.csv': 'image,xmin,ymin,xmax,ymax,label\na.jpg,nan,nan,nan,nan,nan\n' }).boxes).toEqual({
      'a.jpg': [],
    });
  });
});

describe('other tools', () => {
  it('VIA, as annotations, as a project, as a table and of version 3', () => {
    const entry = {
      filename: 'a.jpg',
      size: 1234,
      regions: [
        { shape_attributes: { name: 'rect', x: 16, y: 12, width: 16, height: 12 }, region_attributes: { type: 'cat' } },
      ],
    };
    expectCat({ 'via.json': { 'a.jpg1234': entry } });
    expectCat({
      'via.json': {
        _via_settings: {},
        _via_img_metadata: { 'a.jpg1234': { ...entry, regions: { 0: entry.regions[0] } } },
      },
    });
    expectCat({
      'via.csv':
        'filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\na.jpg,99,"{}",1,0,"{""name"":""polygon"",""all_points_x"":[16,32,20],""all_points_y"":[12,12,24]}","{""type"":{""cat"":true}}"\n',
    });
    expectCat({
      'via.json': {
        attribute: { 1: { aname: 'class', options: { 0: 'cat' } } },
        file: { 1: { fname: 'a.jpg' } },
        view: { 1: { fid_list: ['1'] } },
        metadata: { x: { vid: '1', xy: [2, 16, 12, 16, 12], av: { 1: '0' } } },
      },
    });
  });
  it('LabelMe, VoTT, CVAT, Edge Impulse', () => {
    const shape = {
      label: 'cat',
      points: [
        [32, 24],
        [16, 12],
      ],
      shape_type: 'rectangle',
    };
    expectCat({
      'a.json': {
        version: '5.0.1',
        shapes: [shape],
        imagePath: '..\\images\\a.jpg',
        imageData: null,
        imageHeight: 48,
        imageWidth: 64,
      },
    });
    const asset = { format: 'jpg', name: 'a.jpg', path: 'file:C:/a.jpg', size: { width: 64, height: 48 } };
    const regions = [{ type: 'RECTANGLE', tags: ['cat'], boundingBox: { left: 16, top: 12, width: 16, height: 12 } }];
    expectCat({ 'x-export.json': { tags: [], assets: { '0a': { asset, regions } } } });
    expectCat({ 'x-asset.json': { asset, regions, version: '2.1.0' } });
    expectCat({
      'annotations.xml':
        '<annotations><version>1.1</version><image id="0" name="a.jpg" width="64" height="48"><box label="cat" xtl="16" ytl="12" xbr="32" ybr="24"/></image></annotations>',
    });
    const found = read(
      {
        'training/bounding_boxes.labels': {
          version: 1,
          type: 'bounding-box-labels',
          boundingBoxes: { 'a.jpg': [{ label: 'cat', x: 16, y: 12, width: 16, height: 12 }] },
        },
        'training/info.labels': { version: 1, files: [] },
      },
      ['training/a.jpg'],
    );
    expect([found.boxes, found.said, found.left]).toEqual([{ 'training/a.jpg': [cat] }, [], []]);
  });
  it('Label Studio, whole and minimal, turned boxes, skipped tasks to do', () => {
    const value = { x: 25, y: 25, width: 25, height: 25, rotation: 0, rectanglelabels: ['cat'] };
    const size = { original_width: 64, original_height: 48 };
    expectCat(
      { 'p.json': [{ image: '/data/upload/1/abc-a.jpg', id: 1, label: [{ ...value, ...size }] }] },
      'images/abc-a.jpg',
    );
    const task = (result: unknown[], more = {}) => [
      { id: 1, data: { image: '/data/upload/1/0123abcd-a.jpg' }, annotations: [{ result, ...more }] },
    ];
    expectCat({ 'p.json': task([{ type: 'rectanglelabels', value, ...size }]) });
    // A quarter turn around its corner: 16 × 12 becomes 12 × 16.
    const turned = read({ 'p.json': task([{ type: 'rectanglelabels', value: { ...value, rotation: 90 }, ...size }]) });
    expect(turned.boxes['a.jpg']).toEqual([['cat', 0.0625, 0.25, 0.1875, 0.3333]]);
    const linked = [
      {
        ...task([{ type: 'rectanglelabels', value, ...size }])[0]!,
        data: { url: 'https://example.com', image: 'a.jpg' },
      },
    ];
    expectCat({ 'p.json': linked });
    expect(read({ 'p.json': task([], { was_cancelled: true }) }).boxes).toEqual({});
    expect(read({ 'p.json': task([]) }).boxes).toEqual({ 'a.jpg': [] });
  });
});

describe('one picture', () => {
  it('has the same boxes of two files once, and says so', () => {
    const files = { 'a.xml': voc('cat'), 'a.txt': '0 0.375 0.375 0.25 0.25\n', 'classes.txt': 'cat\n' };
    const found = read(files);
    expect(found.boxes['a.jpg']).toEqual([cat]);
    expect(found.said).toEqual(['The same boxes stand in a.xml and a.txt: they were counted once.']);
    // The name of the other file is better than none.
    expect(read({ 'a.txt': files['a.txt'], 'a.xml': files['a.xml'] }).boxes['a.jpg']).toEqual([cat]);
    expect(read({ ...files, 'classes.txt': 'dog\n' }).boxes['a.jpg']).toHaveLength(2);
  });
  it('turns with its boxes when they were drawn on the stored one', () => {
    // Stored 48 × 64 and shown 64 × 48: the box of the shown one, as the stored one has it.
    const stored: Record<number, [x: number, y: number, width: number, height: number]> = {
      5: [12, 16, 12, 16],
      6: [12, 32, 12, 16],
      7: [24, 32, 12, 16],
      8: [24, 16, 12, 16],
    };
    for (const [orientation, [x, y, width, height]] of Object.entries(stored)) {
      const bbox = { bbox: [x, y, width, height] };
      const whole = { ...coco(bbox), images: [{ id: 1, file_name: 'a.jpg', width: HEIGHT, height: WIDTH }] };
      const found = read({ 'c.json': whole }, ['a.jpg'], Number(orientation));
      expect(found.boxes['a.jpg'], orientation).toEqual([cat]);
      expect(found.said).toEqual([expect.stringMatching(/turned with the picture/)]);
    }
  });
  it('that was turned since it was annotated keeps no wrong boxes', () => {
    const found = read({ 'a.xml': voc('cat', 'a.jpg', [HEIGHT, WIDTH]) });
    expect(found.boxes['a.jpg']).toEqual([]);
    expect(found.said).toEqual([expect.stringMatching(/it was turned since. Its boxes were left out/)]);
  });
  it('says in its head how it is turned', () => {
    const exif = (little: boolean, value: number) => {
      const short = (n: number) => (little ? [n & 255, n >> 8] : [n >> 8, n & 255]);
      const long = (n: number) => (little ? [n, 0, 0, 0] : [0, 0, 0, n]);
      const tiff = [
        ...(little ? [0x49, 0x49] : [0x4d, 0x4d]),
        ...short(42),
        ...long(8),
        ...short(1),
        ...short(0x112),
        ...short(3),
        ...long(1),
        ...short(value),
        0,
        0,
      ];
      const body = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
      return new Uint8Array([
        0xff,
        0xd8,
        0xff,
        0xe0,
        0,
        4,
        0,
        0,
        0xff,
        0xe1,
        0,
        body.length + 2,
        ...body,
        0xff,
        0xda,
        0,
        0,
      ]);
    };
    for (const little of [true, false])
      for (const value of [1, 3, 6, 8]) expect(readOrientation(exif(little, value))).toBe(value);
    expect(readOrientation(exif(true, 77))).toBe(1);
    expect(readOrientation(new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0, 40, 0x45, 0x78]))).toBe(1);
  });
  it('of another format is named', () => {
    const bytes = (text: string) => new Uint8Array([...text].map((letter) => letter.charCodeAt(0)));
    expect(foreignPicture(bytes('\0\0\0\x18ftypheic\0\0\0\0mif1heic'))).toBe('HEIC');
    expect(foreignPicture(bytes('II*\0\x08\0\0\0'))).toMatch(/TIFF/);
    expect(foreignPicture(bytes('<?xml version="1.0"?>\n<svg xmlns="x">'))).toMatch(/SVG/);
    expect(foreignPicture(bytes('hello'))).toBeNull();
  });
});

describe('anything at all', () => {
  it('a file that is too large is named, the rest is read', async () => {
    const big = { size: 61e6 } as Blob;
    const remarks: string[] = [];
    const found = await readBoxFiles(
      [
        { path: 'a.jpg', blob: new Blob(['x']) },
        { path: 'big.json', blob: big },
        { path: 'a.json', blob: new Blob([JSON.stringify([record()])]) },
      ],
      [],
      ({ path, reason }) => remarks.push(`${path}: ${reason}`),
    );
    expect(remarks).toEqual(['big.json: It is too large for annotations (60 MB at most).']);
    expect(found.used).toEqual(new Set(['big.json', 'a.json']));
  });

  /** Values of the shapes formats look for, broken anywhere. */
  const keys = [
    'images',
    'annotations',
    'annotation',
    'categories',
    'image',
    'bbox',
    'segmentation',
    'counts',
    'size',
    'shapes',
    'points',
    'assets',
    'asset',
    'regions',
    'boundingBoxes',
    'files',
    'data',
    'result',
    'value',
    'rectanglelabels',
    'coordinates',
    'label',
    'x',
    'y',
    'width',
    'height',
    'file_name',
    'filename',
    'id',
    'image_id',
    'iscrowd',
    '__proto__',
    'constructor',
    'metadata',
    'file',
    'view',
    'xy',
    '_via_img_metadata',
    'imagePath',
    'version',
  ];
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom<unknown>('a.jpg', 'cat', 1, 0, -1, 16, 1e300, null, true, '', '12,5', 'lh0'),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.array(fc.tuple(fc.constantFrom(...keys), tie('value')), { maxLength: 6 }).map((pairs) => {
        const object: Record<string, unknown> = {};
        for (const [key, value] of pairs)
          Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
        return object;
      }),
    ),
  })).value;
  const words = fc.array(
    fc.constantFrom(
      '0',
      '1',
      '0.5',
      '-3',
      '1e9',
      'NaN',
      'a.jpg',
      'cat',
      ',',
      ';',
      '\t',
      ' ',
      '\n',
      '\r\n',
      '"',
      ':',
      '-',
      'names',
      '{',
      '}',
      '[',
      ']',
      '#',
      '&a',
      '*a',
      '<annotation>',
      '<object>',
      '</object>',
      '<bndbox>',
      '&#233;',
      '&x;',
      'TRAINING',
      'xmin',
      'ymin',
      'xmax',
      'ymax',
      'label',
      'filename',
      '<<',
      '\u0000',
    ),
    { maxLength: 40 },
  );
  it('never throws, never takes long, never touches prototypes', () => {
    const file = fc.oneof(
      json.map((value) => ({ path: 'x.json', text: JSON.stringify(value) ?? '' })),
      fc
        .tuple(
          fc.constantFrom(
            'x.json',
            'a.txt',
            'data.yaml',
            'x.xml',
            'x.csv',
            'x.tsv',
            'obj.data',
            'info.labels',
            'train.txt',
          ),
          words,
        )
        .map(([path, list]) => ({ path, text: list.join('') })),
    );
    let slowest = 0;
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 3 }), (files) => {
        const started = performance.now();
        const { notes } = collectPictureAnnotations(files, ['a.jpg', 'b/a.jpg', 'train/c.png']);
        for (const note of notes.values())
          for (const { x, y, width, height } of placeBoxes(note, 64, 48, 6).boxes)
            for (const side of [x, y, width, height])
              if (!(side >= 0 && side <= 1 + 1e-9)) throw new Error(`side ${side}`);
        slowest = Math.max(slowest, performance.now() - started);
        if (Object.keys(Object.prototype).length > 0) throw new Error('prototype');
      }),
      { numRuns: 3000, seed: 13 },
    );
    expect(slowest).toBeLessThan(2000);
  });
  it('long files take no longer than their length', () => {
    const started = performance.now();
    const outlineOfMany = `0 ${'0.1 0.2 '.repeat(300_000)}`;
    expect(read({ 'a.txt': outlineOfMany, 'classes.txt': 'cat' }).said).toEqual(['A box of cat has no area.']);
    const many = Array.from({ length: 20_000 }, (_, i) => `a.jpg,${i % 60},1,${(i % 60) + 2},4,cat`).join('\n');
    expect(read({ 'x.csv': `image,xmin,ymin,xmax,ymax,label\n${many}` }).boxes['a.jpg']).toHaveLength(20_000);
    // Every picture is called alike, in a folder of its own.
    const folders = Array.from({ length: 5000 }, (_, i) => `d${i}`);
    const alike = read(
      Object.fromEntries(folders.map((folder) => [`${folder}/img.txt`, '0 0.375 0.375 0.25 0.25'])),
      folders.map((folder) => `${folder}/img.png`),
    );
    expect(Object.keys(alike.boxes)).toHaveLength(5000);
    expect(performance.now() - started).toBeLessThan(8000);
  });
  it('hostile JSON takes no longer than its length', () => {
    const started = performance.now();
    for (const text of [
      `[1,${'/'.repeat(1e6)}\nx`,
      '/*'.repeat(5e5),
      `{"a": ${','.repeat(1e6)}`,
      `["${'\\'.repeat(1e6)}`,
      `[${'-'.repeat(1e6)}`,
    ])
      expect(() => parseJson(text)).toThrow(SyntaxError);
    expect(performance.now() - started).toBeLessThan(4000);
    // What stands in strings is nobody's comment, comma or word.
    expect(parseJson('{"a": "// NaN, ]", /* one */ "b": [NaN, -Infinity, 2,],}')).toEqual({
      a: '// NaN, ]',
      b: [null, null, 2],
    });
  });
  it('JSON with words of Python and a long text in it', () => {
    const text = JSON.stringify({
      shapes: [
        {
          label: 'cat',
          points: [
            [16, 12],
            [32, 24],
          ],
          shape_type: 'rectangle',
          score: 0,
        },
      ],
      imagePath: 'a.jpg',
      imageData: 'A'.repeat(5e6),
    });
    expectCat({ 'a.json': text.replace('"score":0', '"score":NaN') });
  });
});

describe('a list', () => {
  it('that was changed since it was chosen is said, and the others are read', async () => {
    const gone = { slice: () => gone, arrayBuffer: () => Promise.reject(new DOMException('', 'NotReadableError')) };
    const files = [
      { path: 'a.jpg', blob: new Blob() },
      { path: 'a.xml', blob: new Blob([voc('cat')]) },
      { path: 'b.json', blob: gone as unknown as Blob },
    ];
    const listed = await readLists('boxes', files, []);
    expect(listed.notes.get('a.jpg')?.boxes).toHaveLength(1);
    expect([...listed.used].sort()).toEqual(['a.xml', 'b.json']);
    expect(listed.remarks).toMatchObject(
      [{ path: 'b.json', isAdded: false, reason: /changed or taken away/ }].map(({ reason, ...rest }) => ({
        ...rest,
        reason: expect.stringMatching(reason) as string,
      })),
    );
  });
  it('whose writing is a guess says so', async () => {
    const bytes = Uint8Array.from([...new TextEncoder().encode('0 0.375 0.375 0.25 0.25\n')]);
    const names = Uint8Array.from([0xea, 0xee, 0xf8, 0xea, 0xe0]);
    const files = [
      { path: 'a.jpg', blob: new Blob() },
      { path: 'a.txt', blob: new Blob([bytes]) },
      { path: 'classes.txt', blob: new Blob([names]) },
    ];
    const { notes, remarks } = await listBoxes(files, []);
    expect(notes.get('a.jpg')?.boxes[0]?.label).toBe('кошка');
    expect(remarks).toEqual([
      {
        path: 'classes.txt',
        isAdded: true,
        reason:
          'It does not say how it is written: its letters were read as Cyrillic (Windows-1251). Check the names of the classes.',
      },
    ]);
  });
});

describe('a file of which something came in', () => {
  it('is not called skipped', async () => {
    const bad = { label: 'cat', coordinates: { x: 24, y: 18, width: 16 } };
    const files = (annotations: object[]) => [
      { path: 'a.jpg', blob: new Blob() },
      {
        path: 'a.json',
        blob: new Blob([
          JSON.stringify([
            { image: 'a.jpg', annotations },
            { image: 'b.jpg', annotations: [] },
          ]),
        ]),
      },
    ];
    const { remarks } = await listBoxes(files([...record().annotations, { coordinates: bad.coordinates }]), []);
    expect(remarks.map(({ isAdded, isPart }) => [isAdded, isPart])).toEqual([
      [true, true],
      [true, true],
    ]);
    const alone = await listBoxes([files([])[1]!, { path: 'c.jpg', blob: new Blob() }], []);
    expect(alone.remarks.map(({ isAdded, isPart }) => [isAdded, isPart])).toEqual([[false, undefined]]);
  });
});

describe('kinds that were read wrongly once', () => {
  it('COCO ids with zeros in front, and names instead of ids', () => {
    const box = { bbox: [16, 12, 16, 12] };
    for (const id of ['0001', '00000000001', 'a.jpg', 'a']) expectCat({ 'a.json': coco({ ...box, image_id: id }) });
  });
  it('a COCO annotation of nowhere leaves no picture empty for sure', () => {
    const texts = [{ path: 'a.json', text: JSON.stringify(coco({ bbox: [16, 12, 16, 12], image_id: 77 })) }];
    expect(collectPictureAnnotations(texts, ['a.jpg']).notes.get('a.jpg')).toMatchObject({
      boxes: [],
      isPartial: true,
    });
  });
  it('one box in two files, in another case or a pixel aside', () => {
    const found = read({ 'a.xml': voc('Cat'), 'a.txt': '0 0.375 0.375 0.25 0.25', 'classes.txt': 'cat' });
    expect(found.boxes['a.jpg']).toHaveLength(1);
    const shifted = voc('cat').replace('>16<', '>17<').replace('>12<', '>13<');
    expect(
      read({ 'a.xml': shifted, 'a.txt': '0 0.375 0.375 0.25 0.25', 'classes.txt': 'cat' }).boxes['a.jpg'],
    ).toHaveLength(1);
    // Two small things side by side are two.
    const beside = read({ 'a.xml': voc('cat'), 'a.txt': '0 0.45 0.375 0.25 0.25', 'classes.txt': 'cat' });
    expect(beside.boxes['a.jpg']).toHaveLength(2);
  });
  it('VOC with corners as shares of the picture', () => {
    const shares = voc('cat')
      .replace('>16<', '>0.25<')
      .replace('>12<', '>0.25<')
      .replace('>32<', '>0.5<')
      .replace('>24<', '>0.5<');
    expectCat({ 'a.xml': shares });
  });
  it('Create ML boxes by the name of their picture', () => {
    expectCat({ 'a.json': { 'a.jpg': record().annotations } });
  });
  it('VOC with a path only', () => {
    const text = voc('cat').replace('<filename>a.jpg</filename>', '<path>C:\\pictures\\a.jpg</path>');
    expectCat({ '0001.xml': text });
  });
  it('tables with another ending, or called labels.txt', () => {
    const table = 'filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,16,12,32,24\n';
    expectCat({ 'labels.txt': table });
    expectCat({ 'boxes.tab': table.replaceAll(',', '\t') });
    expectCat({ 'boxes.txt': table.replaceAll(',', '\t') });
  });
  it('YOLO pose lines without marks and without a declared shape', () => {
    const points = Array.from({ length: 17 }, (_, i) => `${0.26 + (0.23 * i) / 16} ${0.49 - (0.23 * i) / 16}`).join(
      ' ',
    );
    expectCat({ 'a.txt': `0 0.375 0.375 0.25 0.25 ${points}`, 'classes.txt': 'cat' });
    // An outline of as many points is one.
    const round = Array.from({ length: 19 }, (_, i) => {
      const turn = (2 * Math.PI * i) / 19;
      return `${0.375 + 0.125 * Math.cos(turn)} ${0.375 + 0.125 * Math.sin(turn)}`;
    }).join(' ');
    const [, x, , width] = read({ 'a.txt': `0 ${round}`, 'classes.txt': 'cat' }).boxes['a.jpg']![0] as number[];
    expect([x, width].map((value) => Math.round(value! * 100) / 100)).toEqual([0.25, 0.25]);
  });
  it('JSON with comments and commas too many; broken JSON says where', () => {
    const text = JSON.stringify([record()], null, 1);
    expectCat({ 'a.json': text.replace('"image"', '// mine\n"image"').replace(/\]$/, ',]') });
    expect(read({ 'a.json': text.slice(0, -10) }).said).toEqual([
      'It is not valid JSON: it ends in the middle: it is cut off. Save it again where it comes from.',
    ]);
    expect(read({ 'a.json': `${text}\n${text}` }).said[0]).toMatch(/something follows its end in line \d+/);
  });
});

describe('a text that gives nothing', () => {
  const said = async (path: string, text: string) => {
    const files = [
      { path: 'a.jpg', blob: new Blob() },
      { path, blob: new Blob([text]) },
    ];
    return (await listBoxes(files, [])).remarks.map(({ reason }) => reason);
  };
  it('says whether it is cut off, or of another kind', async () => {
    const whole = '<annotation>\n<object><name>cat</name></object>\n</annotation>';
    expect(await said('a.xml', whole.slice(0, 40))).toEqual([
      expect.stringMatching(/cut off or damaged: line \d+ is no XML/),
    ]);
    expect(await said('b.xml', '<note>buy dice</note>')).toEqual(['It holds no annotations this app can read.']);
  });
});
