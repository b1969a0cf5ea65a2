/** The joints of a body: their names, which are connected, and which is the mirror image of which. Any thread; pure. */

/** Landmarks of BlazePose in the order of its output (Bazarevsky et al. 2020, figure 3). */
export const BLAZEPOSE_JOINTS = [
  'nose',
  'left_eye_inner',
  'left_eye',
  'left_eye_outer',
  'right_eye_inner',
  'right_eye',
  'right_eye_outer',
  'left_ear',
  'right_ear',
  'mouth_left',
  'mouth_right',
  'left_shoulder',
  'right_shoulder',
  'left_elbow',
  'right_elbow',
  'left_wrist',
  'right_wrist',
  'left_pinky',
  'right_pinky',
  'left_index',
  'right_index',
  'left_thumb',
  'right_thumb',
  'left_hip',
  'right_hip',
  'left_knee',
  'right_knee',
  'left_ankle',
  'right_ankle',
  'left_heel',
  'right_heel',
  'left_foot_index',
  'right_foot_index',
] as const;

const BODY = [
  'nose',
  ...['shoulder', 'elbow', 'wrist', 'index', 'hip', 'knee', 'ankle', 'foot_index'].flatMap((part) => [
    `left_${part}`,
    `right_${part}`,
  ]),
];
const LEGS = /(knee|ankle|heel|foot)/;

/** Which joints a model looks at. */
export type JointChoice = 'body' | 'upper-body' | 'all';

/** Joints of a choice, among those the data have. Data without the usual names (motion capture) keep all of theirs. */
export function chooseJoints(available: readonly string[], choice: JointChoice): string[] {
  if (choice === 'all') return [...available];
  const body = available.filter((name) => BODY.includes(name));
  // Data of another skeleton: what it has is what counts.
  const base = body.length >= 9 && available.length > 25 ? body : [...available];
  return choice === 'upper-body' ? base.filter((name) => !LEGS.test(name)) : base;
}

const ALIASES: Record<string, string> = {
  face: 'nose',
  head: 'nose',
  head_top: 'nose',
  pelvis: 'mid_hip',
  mid_hip: 'mid_hip',
  hip_center: 'mid_hip',
  belly: 'belly',
  thorax: 'neck',
  l: 'left',
  r: 'right',
  hand: 'wrist',
  foot: 'foot_index',
  big_toe: 'foot_index',
};

/**
 * A joint's name as the product writes it: `Right Shoulder`, `rightShoulder`, `RShoulder`, `r_shoulder`, `shoulder_r` all become
 * `right_shoulder`. Names it does not know are kept, in snake case.
 */
export function canonicalJoint(name: string): string {
  const words = name
    .trim()
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/^([LR])([A-Z][a-z])/, '$1_$2')
    .toLowerCase()
    .split(/[\s_.-]+/)
    .filter(Boolean);
  const whole = words.join('_');
  if (whole === 'mouth_left' || whole === 'mouth_right') return whole;
  const side = words.map((word) => ALIASES[word] ?? word).find((word) => word === 'left' || word === 'right');
  const rest = words.filter((word) => !['left', 'right', 'l', 'r'].includes(word)).join('_');
  const part = ALIASES[rest] ?? rest;
  return side ? `${side}_${part}` : part;
}

/** Index of each joint's mirror image; a joint of the middle is its own. */
export function mirrorOf(names: readonly string[]): number[] {
  return names.map((name, i) => {
    const other = name.includes('left') ? name.replace('left', 'right') : name.replace('right', 'left');
    const found = names.indexOf(other);
    return found >= 0 ? found : i;
  });
}

const BONES: readonly (readonly [string, string])[] = [
  ['nose', 'neck'],
  ['neck', 'left_shoulder'],
  ['neck', 'right_shoulder'],
  ['neck', 'belly'],
  ['belly', 'left_hip'],
  ['belly', 'right_hip'],
  ['mid_hip', 'left_hip'],
  ['mid_hip', 'right_hip'],
  ['neck', 'mid_hip'],
  ['left_shoulder', 'right_shoulder'],
  ['left_hip', 'right_hip'],
  ['left_ear', 'left_eye_outer'],
  ['left_eye_outer', 'left_eye'],
  ['left_eye', 'left_eye_inner'],
  ['left_eye_inner', 'nose'],
  ['right_ear', 'right_eye_outer'],
  ['right_eye_outer', 'right_eye'],
  ['right_eye', 'right_eye_inner'],
  ['right_eye_inner', 'nose'],
  ['mouth_left', 'mouth_right'],
  ...(['left', 'right'] as const).flatMap((side) =>
    [
      ['shoulder', 'elbow'],
      ['elbow', 'wrist'],
      ['wrist', 'pinky'],
      ['wrist', 'index'],
      ['wrist', 'thumb'],
      ['shoulder', 'hip'],
      ['hip', 'knee'],
      ['knee', 'ankle'],
      ['ankle', 'heel'],
      ['ankle', 'foot_index'],
      ['heel', 'foot_index'],
    ].map(([from, to]) => [`${side}_${from}`, `${side}_${to}`] as const),
  ),
];

/** Connected joints, as pairs of indices. The nose hangs on the shoulders where there is no neck. */
export function bonesOf(names: readonly string[]): [number, number][] {
  const at = (name: string) => names.indexOf(name);
  const found = BONES.map(([a, b]): [number, number] => [at(a), at(b)]).filter(([a, b]) => a >= 0 && b >= 0);
  if (!names.includes('neck'))
    for (const side of ['left_shoulder', 'right_shoulder'])
      if (at('nose') >= 0 && at(side) >= 0) found.push([at('nose'), at(side)]);
  return found;
}

/** Whether a joint is on the left or right of the body. */
export function sideOf(name: string): 'left' | 'right' | 'middle' {
  return name.includes('left') ? 'left' : name.includes('right') ? 'right' : 'middle';
}
