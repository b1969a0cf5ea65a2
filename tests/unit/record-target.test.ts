/** Which class is recorded into, when the class goes meanwhile. What a person chooses and shows is in e2e/faults (Svelte's signals do not run in node). */
import { expect, it } from 'vitest';
import { RecordTarget } from '../../src/app/record-target.svelte.ts';

it('a class that is deleted while it is recorded into is none, until it comes back', () => {
  const label = (id: string) => ({ id, name: id, color: 0 });
  let classes = [label('hum'), label('hiss')];
  const target = new RecordTarget(
    () => classes,
    () => 'hiss',
  );
  expect(target.id).toBe('hiss');
  using _held = target.hold();
  classes = [label('hum')];
  expect(target.id).toBe('');
  classes = [label('hum'), label('hiss')];
  expect(target.id).toBe('hiss');
});
