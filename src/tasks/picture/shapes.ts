/** The pictures of the sample: stars, hearts, leaves and clouds on grounds of many colours. Any thread says their names; a worker draws. Seeded. */
import { createRandom } from '../../kernel/random.ts';

/** Classes of the sample. */
export const SAMPLE_PICTURES = ['Star', 'Heart', 'Leaf', 'Cloud'] as const;
/** Pictures of each class, and those of them that are trained on: learning from nothing takes more than a dozen. */
export const SAMPLE_SIZE = { perClass: 32, forTraining: 24 };
/** See {@link SAMPLE_PICTURES}. */
export type SamplePicture = (typeof SAMPLE_PICTURES)[number];

const SIDE = 256;

/** Traces one shape around the origin, about 1 from middle to edge. */
const OUTLINES: Record<SamplePicture, (path: Path2D, wobble: () => number) => void> = {
  Star(path, wobble) {
    for (let i = 0; i < 10; i++) {
      const angle = (i / 10) * 2 * Math.PI - Math.PI / 2;
      const radius = (i % 2 ? 0.45 : 1) * wobble();
      path.lineTo(radius * Math.cos(angle), radius * Math.sin(angle));
    }
  },
  Heart(path, wobble) {
    const [wide, high] = [wobble(), wobble()];
    path.moveTo(0, 0.95 * high);
    path.bezierCurveTo(-1.5 * wide, 0.1, -0.9 * wide, -1.1 * high, 0, -0.35);
    path.bezierCurveTo(0.9 * wide, -1.1 * high, 1.5 * wide, 0.1, 0, 0.95 * high);
  },
  Leaf(path, wobble) {
    const [left, right] = [wobble(), wobble()];
    path.moveTo(0, -1);
    path.bezierCurveTo(0.85 * right, -0.5, 0.75 * right, 0.55, 0, 0.8);
    path.lineTo(0.05, 1.15);
    path.lineTo(-0.05, 1.15);
    path.lineTo(-0.02, 0.8);
    path.bezierCurveTo(-0.75 * left, 0.55, -0.85 * left, -0.5, 0, -1);
  },
  Cloud(path, wobble) {
    for (const [x, y, r] of [
      [-0.6, 0.2, 0.42],
      [-0.15, -0.15, 0.55],
      [0.4, -0.02, 0.45],
      [0.7, 0.25, 0.32],
      [0.05, 0.3, 0.45],
    ] as const) {
      path.moveTo(x + r, y);
      path.arc(x, y, r * wobble(), 0, 2 * Math.PI);
    }
  },
};

/** Draws one picture; the same for the same name and seed. */
export function drawShape(name: SamplePicture, seed: number): OffscreenCanvas {
  const random = createRandom(seed, 'shape', name);
  const between = (low: number, high: number) => low + (high - low) * random.next();
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d')!;
  const hue = between(0, 360);
  const light = between(16, 38);
  const ground = context.createLinearGradient(0, 0, SIDE * random.next(), SIDE);
  ground.addColorStop(0, `hsl(${hue} ${between(10, 45)}% ${light}%)`);
  ground.addColorStop(1, `hsl(${hue + between(-40, 40)} ${between(10, 45)}% ${light + between(-15, 15)}%)`);
  context.fillStyle = ground;
  context.fillRect(0, 0, SIDE, SIDE);
  context.globalAlpha = 0.15;
  for (let i = 0; i < 5; i++) {
    context.fillStyle = `hsl(${between(0, 360)} 30% ${between(20, 60)}%)`;
    context.fillRect(between(-40, SIDE), between(-40, SIDE), between(10, 90), between(4, 40));
  }
  context.globalAlpha = 1;
  const size = between(70, 96);
  context.translate(SIDE / 2 + between(-20, 20), SIDE / 2 + between(-16, 16));
  context.rotate(between(-0.25, 0.25));
  context.scale(size * between(0.85, 1.15), size);
  const path = new Path2D();
  OUTLINES[name](path, () => between(0.88, 1.12));
  context.fillStyle = `hsl(${between(0, 360)} ${between(35, 90)}% ${between(68, 90)}%)`;
  context.shadowColor = 'rgb(0 0 0 / 0.35)';
  context.shadowBlur = 10;
  context.fill(path);
  context.setTransform(1, 0, 0, 1, 0, 0);
  const image = context.getImageData(0, 0, SIDE, SIDE);
  const grain = between(4, 20);
  for (let at = 0; at < image.data.length; at += 4) {
    const noise = (random.next() - 0.5) * grain;
    for (let c = 0; c < 3; c++) image.data[at + c] = image.data[at + c]! + noise;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
