/** How many presses labelling takes: twenty segments in ten minutes of sound and of movement, ten boxes in a picture. docs/labelling.md tells what is counted here. */
import { wavBytes } from '../helpers/microphone-file.ts';
import { png } from '../helpers/png.ts';
import { noise, tone } from '../helpers/signals.ts';
import { expect, test, type StudioPage } from './pages/studio.ts';

const RATE = 16000;
const MINUTES = 10;
const SEGMENTS = 20;
/** A sound of two seconds, every so many seconds. */
const APART_SEC = (MINUTES * 60) / SEGMENTS;

/** Presses as a person does, counted: a key, or a button of the mouse that goes down. */
class Hand {
  presses = 0;
  readonly #studio: StudioPage;
  readonly #began = Date.now();
  constructor(studio: StudioPage) {
    this.#studio = studio;
  }
  async key(name: string) {
    this.presses++;
    await this.#studio.page.keyboard.press(name);
  }
  async click(name: string) {
    this.presses++;
    await this.#studio.button(name).click();
  }
  async drag([x, y]: readonly [number, number], [toX, toY]: readonly [number, number]) {
    const { mouse } = this.#studio.page;
    this.presses++;
    await mouse.move(x, y);
    await mouse.down();
    await mouse.move((x + toX) / 2, (y + toY) / 2);
    await mouse.move(toX, toY);
    await mouse.up();
  }
  tell(what: string) {
    console.log(`${what}: ${this.presses} presses, ${((Date.now() - this.#began) / 1000).toFixed(1)} s`);
  }
}

async function create(studio: StudioPage, task: string) {
  await studio.open();
  await studio.button(`New ${task} project`).click();
  await studio.button('Create project').click();
}
const editorOf = (studio: StudioPage) => studio.page.getByRole('region', { name: 'Segment editor' });

async function openEditor(studio: StudioPage) {
  await studio.closeReport();
  await studio.addClass('one');
  await studio.addClass('two');
  await studio.button('Segment editor').click();
  await expect(editorOf(studio)).toBeVisible();
  await studio.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
}

/** Draws a segment around each moment and names it. */
async function drawAll(studio: StudioPage, hand: Hand) {
  const box = (await editorOf(studio).locator('.lane').boundingBox())!;
  const at = (sec: number) => [box.x + (sec / (MINUTES * 60)) * box.width, box.y + box.height / 2] as const;
  for (let k = 0; k < SEGMENTS; k++) {
    const from = 10 + k * APART_SEC;
    await hand.drag(at(from - 1), at(from + 4));
    await hand.key(k % 2 ? '2' : '1');
  }
}
const both = async (studio: StudioPage) => {
  await expect(studio.button('one 10')).toBeVisible();
  await expect(studio.button('two 10')).toBeVisible();
};

test('twenty segments in ten minutes of sound: 40 presses, found or drawn', async ({ studio }) => {
  const pcm = noise(MINUTES * 60, 1).map((value) => value * 0.005);
  for (let k = 0; k < SEGMENTS; k++)
    tone(k % 2 ? 1900 : 300, 2).forEach((value, i) => (pcm[RATE * (10 + k * APART_SEC) + i]! += value));
  await create(studio, 'Sound classification');
  const buffer = Buffer.from(wavBytes(pcm, RATE));
  await studio.importFiles([{ name: 'ten.wav', mimeType: 'audio/wav', buffer }]);
  await openEditor(studio);
  const found = new Hand(studio);
  await found.click('Find sounds');
  await expect(editorOf(studio).getByText(`${SEGMENTS} segments`)).toBeVisible();
  await studio.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let k = 0; k < SEGMENTS; k++) {
    if (k > 0) await found.key(']');
    await found.key(k % 2 ? '2' : '1');
  }
  await both(studio);
  found.tell('sound, found by level');
  expect(found.presses).toBeLessThanOrEqual(40);

  // Once more by hand, on the same recording as it came.
  for (let k = 0; k <= SEGMENTS; k++) await studio.page.keyboard.press('Control+z');
  await expect(studio.button('No class 1')).toBeVisible();
  const drawn = new Hand(studio);
  await drawAll(studio, drawn);
  await both(studio);
  drawn.tell('sound, drawn');
  expect(drawn.presses).toBeLessThanOrEqual(40);
});

test('twenty segments in ten minutes of movement: 40 presses', async ({ studio }) => {
  const rows = Array.from({ length: MINUTES * 60 * 10 }, (_, i) => {
    const y = (100 + 40 * Math.sin(i / 7)).toFixed(1);
    return `120,${y},180,${y}`;
  });
  await create(studio, 'Action classification');
  await studio.importFiles([
    {
      name: 'ten.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(['left_hip_x,left_hip_y,right_hip_x,right_hip_y', ...rows].join('\n')),
    },
  ]);
  await openEditor(studio);
  const hand = new Hand(studio);
  // A landmark table without times has its own length: the lane is as long as the file.
  await drawAll(studio, hand);
  await both(studio);
  hand.tell('movement, drawn');
  expect(hand.presses).toBeLessThanOrEqual(40);
});

test('ten boxes of two classes in a picture: 11 presses when the class stays, 20 when it changes each time', async ({
  studio,
}) => {
  const { page } = studio;
  await create(studio, 'Object detection');
  await studio.importFiles([
    { name: 'a.png', mimeType: 'image/png', buffer: png(800, 600, 200) },
    { name: 'b.png', mimeType: 'image/png', buffer: png(800, 600, 190) },
  ]);
  await studio.closeReport();
  const image = page.getByTestId('box-canvas').locator('.img');
  const drawTen = async (hand: Hand, after: (k: number) => Promise<void>) => {
    const box = (await image.boundingBox())!;
    for (let k = 0; k < 10; k++) {
      const [x, y] = [box.x + box.width * (0.05 + 0.18 * (k % 5)), box.y + box.height * (k < 5 ? 0.15 : 0.6)];
      await hand.drag([x, y], [x + box.width * 0.12, y + box.height * 0.2]);
      await after(k);
    }
  };
  const here = page.getByRole('region', { name: 'Boxes', exact: true });
  for (const name of ['one', 'two']) {
    await page.keyboard.press('c');
    await page.getByRole('textbox', { name: 'Class name' }).fill(name);
    await page.keyboard.press('Enter');
  }
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const same = new Hand(studio);
  await same.key('1');
  await drawTen(same, async () => {});
  await expect(here).toContainText('10 boxes here');
  same.tell('boxes of one class');
  expect(same.presses).toBe(11);
  await page.keyboard.press('n');
  await expect(here).toContainText('0 boxes here');
  const turns = new Hand(studio);
  await drawTen(turns, (k) => turns.key(k % 2 ? '1' : '2'));
  await expect(here).toContainText('10 boxes here');
  turns.tell('boxes, another class each');
  expect(turns.presses).toBe(20);
});
