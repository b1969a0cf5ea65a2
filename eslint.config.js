import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

const tensorRules = [
  {
    selector: 'CallExpression[callee.property.name=/^(dataSync|arraySync)$/]',
    message: 'Reading a tensor synchronously fails on WebGPU: use `await tensor.data()`.',
  },
  {
    selector: "CallExpression[callee.property.name='tidy'] > ArrowFunctionExpression[async=true]",
    message: 'tf.tidy cannot follow an await: own the tensors in try/finally and dispose them.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Take a seeded generator (kernel/random.ts) as an argument.',
  },
];

export default ts.config(
  { ignores: ['dist', 'dist-runtime', 'public', 'node_modules', 'test-results', 'playwright-report'] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      'no-restricted-syntax': ['error', ...tensorRules],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': ['error', { allow: ['warn', 'error'] }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'] } },
    rules: { 'svelte/no-navigation-without-resolve': 'off', 'svelte/prefer-svelte-reactivity': 'off' },
  },
  { files: ['tools/**', 'tests/**'], rules: { 'no-console': 'off' } },
);
