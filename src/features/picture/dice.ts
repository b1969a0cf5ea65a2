/** The pictures of the detection sample: dice in perspective on different grounds, with exact boxes. Worker thread (it draws). Seeded. */
import { clipRect, type Rect } from '../../domain/boxes.ts';
import type { InspectedMedia } from '../../domain/project.ts';
import { required } from '../../kernel/assert.ts';
import { createRandom, type Random } from '../../kernel/random.ts';
import { SAMPLE_OBJECTS } from './objects.ts';
import { inspectPicture } from './inspect-picture.ts';

const WIDTH = 640;
const HEIGHT = 480;

type Point3 = readonly [number, number, number];

/** Places of the pips on a face, −1..1. */
const PIPS: readonly (readonly [number, number])[][] = (() => {
  const a = 0.5;
  const [centre, corners, others] = [
    [[0, 0]],
    [
      [-a, -a],
      [a, a],
    ],
    [
      [-a, a],
      [a, -a],
    ],
  ] as [number, number][][];
  const sides: [number, number][] = [
    [-a, 0],
    [a, 0],
  ];
  return [
    centre!,
    corners!,
    [...corners!, ...centre!],
    [...corners!, ...others!],
    [...corners!, ...others!, ...centre!],
    [...corners!, ...others!, ...sides],
  ];
})();

/** Faces that go round a die with `top` on top: neighbours of a face never add up to 7 with it. */
function sidesOf(top: number, random: Random): number[] {
  const around = [1, 2, 3, 4, 5, 6].filter((value) => value !== top && value !== 7 - top);
  const first = around[Math.floor(random.next() * 4)]!;
  const second = around.filter((value) => value !== first && value !== 7 - first)[Math.floor(random.next() * 2)]!;
  return [first, second, 7 - first, 7 - second];
}

/** Draws one picture. @returns the boxes of the dice in ratios of it, in the order they were thrown. */
export function drawDice(canvas: OffscreenCanvas, seed: number): (Rect & { label: (typeof SAMPLE_OBJECTS)[number] })[] {
  const random = createRandom(seed, 'dice');
  const between = (low: number, high: number) => low + (high - low) * random.next();
  const context = canvas.getContext('2d')!;
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  drawGround(context, random);

  const tilt = between(0.75, 1.25);
  const distance = between(13, 17);
  const focal = between(620, 760);
  const project = ([x, y, z]: Point3): [number, number] => {
    // Looking down at the table: y is away from the camera, z is up.
    const depth = distance - (z * Math.sin(tilt) - y * Math.cos(tilt));
    const up = y * Math.sin(tilt) + z * Math.cos(tilt);
    return [WIDTH / 2 + (focal * x) / depth, HEIGHT / 2 - (focal * up) / depth];
  };
  const light: Point3 = [between(-0.6, 0.6), between(-0.6, 0.6), 1];
  const body = `hsl(${between(0, 360)} ${between(0, 75)}% ${between(78, 96)}%)`;
  const dark = random.next() < 0.3;
  const dice: { x: number; y: number; size: number; turn: number; top: number }[] = [];
  const wanted = 2 + Math.floor(random.next() * 5);
  for (let attempt = 0; attempt < 60 && dice.length < wanted; attempt++) {
    const size = between(0.62, 0.85);
    const die = {
      x: between(-4.6, 4.6),
      y: between(-3.3, 3.3),
      size,
      turn: between(0, Math.PI / 2),
      top: 1 + Math.floor(random.next() * 6),
    };
    const corners = [-1, 1].flatMap((i) => [-1, 1].map((k) => project([die.x + i * size, die.y + k * size, 0])));
    const isInside = corners.every(([x, y]) => x > 20 && x < WIDTH - 20 && y > 60 && y < HEIGHT - 20);
    if (isInside && dice.every((other) => Math.hypot(other.x - die.x, other.y - die.y) > 2.2 * size)) dice.push(die);
  }
  // Far ones first.
  dice.sort((a, b) => b.y - a.y);
  const boxes = dice.map((die) => {
    const { x, y, size, turn, top } = die;
    const at = (i: number, k: number, h: number): Point3 => [
      x + size * (i * Math.cos(turn) - k * Math.sin(turn)),
      y + size * (i * Math.sin(turn) + k * Math.cos(turn)),
      size + size * h,
    ];
    const shadow = [at(-1, -1, -1), at(1, -1, -1), at(1, 1, -1), at(-1, 1, -1)].map(([px, py, pz]) =>
      project([px - light[0] * size * 0.8, py - light[1] * size * 0.8, pz]),
    );
    context.save();
    context.filter = 'blur(4px)';
    fill(context, shadow, 'rgb(0 0 0 / 0.35)');
    context.restore();
    const sides = sidesOf(top, random);
    const faces: { value: number; normal: Point3; place: (u: number, v: number) => Point3 }[] = [
      { value: top, normal: [0, 0, 1], place: (u, v) => at(u, v, 1) },
      ...sides.map((value, s) => {
        const angle = (s * Math.PI) / 2;
        const [c, d] = [Math.round(Math.cos(angle)), Math.round(Math.sin(angle))];
        const [nx, ny] = [c * Math.cos(turn) - d * Math.sin(turn), c * Math.sin(turn) + d * Math.cos(turn)];
        return {
          value,
          normal: [nx, ny, 0] as Point3,
          place: (u: number, v: number) => at(c - d * u, d + c * u, v),
        };
      }),
    ];
    for (const { value, normal, place } of faces) {
      const outline = [place(-1, -1), place(1, -1), place(1, 1), place(-1, 1)].map(project);
      // Faces that look away are not seen.
      const [a, b, c] = outline as [[number, number], [number, number], [number, number]];
      const isSeen = normal[2] > 0 || (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) < 0;
      if (!isSeen) continue;
      const length = Math.hypot(...light);
      const shade = 0.62 + 0.38 * Math.max(0, (normal[0] * light[0] + normal[1] * light[1] + normal[2]) / length);
      fill(context, outline, dark ? `rgb(${90 * shade} ${30 * shade} ${40 * shade})` : body);
      if (!dark) fill(context, outline, `rgb(20 20 40 / ${1 - shade})`);
      context.strokeStyle = 'rgb(0 0 0 / 0.25)';
      context.lineWidth = 1;
      context.stroke();
      for (const [u, v] of PIPS[value - 1]!) {
        const rim = Array.from({ length: 14 }, (_, i) => {
          const angle = (i / 14) * 2 * Math.PI;
          return project(place(u + 0.19 * Math.cos(angle), v + 0.19 * Math.sin(angle)));
        });
        fill(context, rim, dark ? '#f5efe2' : '#1c1c22');
      }
    }
    const points = [-1, 1].flatMap((i) => [-1, 1].flatMap((k) => [-1, 1].map((h) => project(at(i, k, h)))));
    const [left, right] = [Math.min(...points.map(([px]) => px)), Math.max(...points.map(([px]) => px))];
    const [high, low] = [Math.min(...points.map(([, py]) => py)), Math.max(...points.map(([, py]) => py))];
    // A die near the edge may lean out of the picture.
    const box = clipRect({
      x: left / WIDTH,
      y: high / HEIGHT,
      width: (right - left) / WIDTH,
      height: (low - high) / HEIGHT,
    });
    return { ...required(box, 'box of a die'), label: SAMPLE_OBJECTS[top - 1]! };
  });
  addNoise(context, random);
  return boxes;
}

function fill(context: OffscreenCanvasRenderingContext2D, points: readonly [number, number][], style: string): void {
  context.beginPath();
  points.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.closePath();
  context.fillStyle = style;
  context.fill();
}

/** A table: plain, planks, squares or felt, lit from one side. */
function drawGround(context: OffscreenCanvasRenderingContext2D, random: Random): void {
  const hue = random.next() * 360;
  const light = 25 + random.next() * 45;
  const saturation = 8 + random.next() * 35;
  context.fillStyle = `hsl(${hue} ${saturation}% ${light}%)`;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  const kind = Math.floor(random.next() * 4);
  const step = 24 + random.next() * 60;
  context.fillStyle = `hsl(${hue + 15} ${saturation}% ${light + 6}%)`;
  if (kind === 1) for (let y = 0; y < HEIGHT; y += 2 * step) context.fillRect(0, y, WIDTH, step);
  if (kind === 2)
    for (let y = 0; y * step < HEIGHT; y++)
      for (let x = y % 2; x * step < WIDTH; x += 2) context.fillRect(x * step, y * step, step, step);
  if (kind === 3) for (let i = 0; i < 500; i++) context.fillRect(random.next() * WIDTH, random.next() * HEIGHT, 3, 3);
  const shine = context.createLinearGradient(0, 0, random.next() * WIDTH, HEIGHT);
  shine.addColorStop(0, 'rgb(255 255 255 / 0.18)');
  shine.addColorStop(1, 'rgb(0 0 0 / 0.28)');
  context.fillStyle = shine;
  context.fillRect(0, 0, WIDTH, HEIGHT);
}

/** Grain, as cameras add it. */
function addNoise(context: OffscreenCanvasRenderingContext2D, random: Random): void {
  const image = context.getImageData(0, 0, WIDTH, HEIGHT);
  const strength = 4 + random.next() * 14;
  for (let at = 0; at < image.data.length; at += 4) {
    const grain = (random.next() - 0.5) * strength;
    for (let c = 0; c < 3; c++) image.data[at + c] = image.data[at + c]! + grain;
  }
  context.putImageData(image, 0, 0);
}

/** One picture of the sample, inspected. `label` of its boxes by name. */
export async function makeDice(
  seed: number,
): Promise<{ picture: InspectedMedia; boxes: (Rect & { label: string })[] }> {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const boxes = drawDice(canvas, seed);
  return { picture: await inspectPicture(await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })), boxes };
}
