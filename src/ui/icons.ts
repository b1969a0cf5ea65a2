/** Icons of the product: 24 grid, 1.5 stroke, round caps (DESIGN §3). Any thread; data. Each entry is the inside of an svg element. */

/** Icon markup by name. */
export const ICONS = {
  home: '<path d="M4 11l8-7 8 7v8.5a.5.5 0 0 1-.5.5H14v-6h-4v6H4.5a.5.5 0 0 1-.5-.5z"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  x: '<path d="M6 6l12 12M18 6L6 18"/>',
  check: '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
  sound: '<path d="M4 10v4M8 6.5v11M12 9v6M16 4v16M20 9.5v5"/>',
  action:
    '<circle cx="13" cy="4.5" r="2"/><path d="M6 9l6-1 4 3.5 3-1.5M12 8l-1.5 6.5L14 17v4M10.5 14.5L8 17.5l-3 1"/>',
  detect: '<path d="M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4"/><rect x="8.5" y="8.5" width="7" height="7" rx="1"/>',
  mic: '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>',
  camera: '<rect x="3" y="6.5" width="13" height="11" rx="2"/><path d="M16 10.5l5-2.5v8l-5-2.5"/>',
  folder:
    '<path d="M3.5 7a1.5 1.5 0 0 1 1.5-1.5h4l2 2.5h8a1.5 1.5 0 0 1 1.5 1.5V17a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 17z"/>',
  file: '<path d="M6 3.5h8l4 4V20a.5.5 0 0 1-.5.5h-11A.5.5 0 0 1 6 20zM14 3.5V8h4"/>',
  in: '<path d="M12 3.5v11M7.5 10.5L12 15l4.5-4.5M4 17v3.5h16V17"/>',
  out: '<path d="M12 15V3.5M7.5 8L12 3.5 16.5 8M4 17v3.5h16V17"/>',
  play: '<path d="M8 5.5v13l11-6.5z"/>',
  pause: '<path d="M8.5 5.5v13M15.5 5.5v13"/>',
  stop: '<rect x="6.5" y="6.5" width="11" height="11" rx="1"/>',
  rec: '<circle cx="12" cy="12" r="5.5" fill="currentColor"/>',
  snap: '<path d="M7 3.5h10v17l-5-4-5 4z"/>',
  trash: '<path d="M4.5 7h15M9 7V4.5h6V7M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5"/>',
  undo: '<path d="M8.5 5L4 9.5 8.5 14M4 9.5h10a5 5 0 0 1 0 10h-3"/>',
  redo: '<path d="M15.5 5L20 9.5 15.5 14M20 9.5H10a5 5 0 0 0 0 10h3"/>',
  sun: '<circle cx="12" cy="12" r="3.8"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600L7 7M17 17l1.400 1.400M18.400 5.600L17 7M7 17l-1.400 1.400"/>',
  moon: '<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>',
  chip: '<rect x="7" y="7" width="10" height="10" rx="1.5"/><path d="M10 3.5V7M14 3.5V7M10 17v3.5M14 17v3.5M3.5 10H7M3.5 14H7M17 10h3.5M17 14h3.5"/>',
  lock: '<rect x="5.5" y="10.5" width="13" height="9.5" rx="1.5"/><path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5"/>',
  warn: '<path d="M12 4L2.8 19.5h18.400zM12 10v4.5M12 17v.2"/>',
  info: '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 8v.2"/>',
  disk: '<ellipse cx="12" cy="6" rx="7.5" ry="2.8"/><path d="M4.5 6v12c0 1.5 3.400 2.8 7.5 2.8s7.5-1.300 7.5-2.8V6M4.5 12c0 1.5 3.400 2.8 7.5 2.8s7.5-1.300 7.5-2.8"/>',
  right: '<path d="M9.5 5.5L16 12l-6.5 6.5"/>',
  down: '<path d="M5.5 9.5L12 16l6.5-6.5"/>',
  left: '<path d="M14.5 5.5L8 12l6.5 6.5"/>',
  search: '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5.5 5.5"/>',
  more: '<path d="M5 12h.01M12 12h.01M19 12h.01" stroke-width="2.5"/>',
  lasso:
    '<path d="M8 16.5C5 15.5 3.5 13.5 3.5 11c0-4 3.8-6.5 8.5-6.5s8.5 2.5 8.5 6.5-3.8 6.5-8 6.5c-1 0-2 0-2.5-.5"/><circle cx="8.5" cy="17" r="2"/><path d="M7.5 19c0 1 .5 1.5-.5 2.5"/>',
  list: '<path d="M4 6h16M4 12h16M4 18h16"/>',
  train: '<path d="M3.5 19.5c3 0 3.5-13 8.5-13s4.5 4 8.5 4"/><path d="M3.5 4v16h17"/>',
  eval: '<rect x="4" y="4" width="7" height="7" rx="1"/><rect x="13" y="4" width="7" height="7" rx="1"/><rect x="4" y="13" width="7" height="7" rx="1"/><rect x="13" y="13" width="7" height="7" rx="1" fill="currentColor"/>',
  eye: '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>',
  data: '<rect x="3.5" y="4.5" width="7" height="6.5" rx="1"/><rect x="13.5" y="4.5" width="7" height="6.5" rx="1"/><rect x="3.5" y="14" width="7" height="6.5" rx="1"/><path d="M17 14v6.5M13.700 17.200h6.600"/>',
  zin: '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5.5 5.5M10.5 8v5M8 10.5h5"/>',
  zout: '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5.5 5.5M8 10.5h5"/>',
  hand: '<path d="M8 12V6a1.300 1.300 0 0 1 2.600 0v5M10.600 10.5V4.8a1.300 1.300 0 0 1 2.600 0v5.700M13.200 10.5V6a1.300 1.300 0 0 1 2.600 0v6M15.8 12V8.5a1.300 1.300 0 0 1 2.600 0V14c0 4-2.200 6.5-5.700 6.5-3 0-4.200-1.300-5.700-4l-2.300-3.8c-.8-1.400 1-2.400 2-1.200L8 13"/>',
  wand: '<path d="M4 20L15.5 8.5M14 5.5l.7-2M18.5 10l2-.7M17.5 6.5L19.5 4.5M9 4l.5 2M20 15l-2-.5"/>',
  repeat: '<path d="M17 3.5L20 6.5l-3 3M20 6.5H8a4 4 0 0 0-4 4v1M7 20.5l-3-3 3-3M4 17.5h12a4 4 0 0 0 4-4v-1"/>',
  keys: '<rect x="2.5" y="6" width="19" height="12" rx="2"/><path d="M6 10h.01M10 10h.01M14 10h.01M18 10h.01M7.5 14.5h9"/>',
  copy: '<rect x="8" y="8" width="12" height="12" rx="1.5"/><path d="M16 8V4.5a.5.5 0 0 0-.5-.5h-11a.5.5 0 0 0-.5.5v11a.5.5 0 0 0 .5.5H8"/>',
  flip: '<path d="M12 3.5v17M9 7L4 17h5zM15 7l5 10h-5z"/>',
  tag: '<path d="M4 4.5h8l8.5 8.5-7.5 7.5L4.5 12z"/><path d="M8.5 8.5h.01" stroke-width="2.5"/>',
  skip: '<path d="M6 5.5v13l9-6.5zM18 5.5v13"/>',
  loop: '<path d="M19.5 12a7.5 7.5 0 1 1-2.5-5.600M17.5 3v4h-4"/>',
  menu: '<path d="M4 7h16M4 12h16M4 17h10"/>',
  pin: '<path d="M12 21s6.5-6 6.5-11a6.5 6.5 0 0 0-13 0c0 5 6.5 11 6.5 11z"/><circle cx="12" cy="10" r="2.300"/>',
  gpu: '<rect x="3" y="6.5" width="18" height="11" rx="1.5"/><circle cx="9" cy="12" r="2.5"/><path d="M14.5 9.5h3.5M14.5 12h3.5M14.5 14.5h2"/>',
  edit: '<path d="M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z"/>',
} as const;

/** Name of an icon. */
export type IconName = keyof typeof ICONS;

type Policy = { createHTML(name: string): unknown };
const { trustedTypes } = globalThis as {
  trustedTypes?: { createPolicy(name: string, rules: { createHTML(name: string): string }): Policy };
};
/** Takes names of icons and nothing else. */
const policy = trustedTypes?.createPolicy('understudy-icons', { createHTML: (name) => ICONS[name as IconName] });

/** The markup of an icon; trusted where browsers ask for it. */
export const drawIcon = (name: IconName): unknown => policy?.createHTML(name) ?? ICONS[name];
