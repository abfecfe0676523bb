// The few rules that find real mistakes which the type check does not see, and the house rules of www/.

const mistakes = {
  eqeqeq: 'error',
  'no-async-promise-executor': 'error',
  'no-constant-condition': ['error', { checkLoops: false }],
  'no-control-regex': 'error',
  'no-dupe-else-if': 'error',
  'no-implicit-globals': 'error',
  'no-loss-of-precision': 'error',
  'no-promise-executor-return': ['error', { allowVoid: true }],
  'no-self-compare': 'error',
  'no-template-curly-in-string': 'error',
  'no-throw-literal': 'error',
  'no-unmodified-loop-condition': 'error',
  'no-unreachable': 'error',
  'no-unsafe-finally': 'error',
  'no-unused-vars': 'error',
  'no-useless-catch': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'require-atomic-updates': ['error', { allowProperties: true }],
};

const wasm = { group: ['**/wasm/*'], message: 'Only the worker imports the engine.' };

/** What the page's own scripts must not use: the security policy forbids some, the design the others. */
const markup = ['eval', 'Function'].map((name) => ({ name, message: 'The page runs no text as code.' }));

export default [
  { ignores: ['**/node_modules/**', 'www/samples/**'] },
  { files: ['**/*.js', '**/*.mjs'], rules: mistakes },
  {
    files: ['www/**/*.js'],
    rules: {
      'no-restricted-globals': ['error', ...markup],
      'no-restricted-imports': ['error', { patterns: [wasm] }],
    },
  },
  { files: ['www/engine/*worker*.js'], rules: { 'no-restricted-imports': 'off' } },
  {
    // The public module and the engine must work on any page: only the page's own views touch the document.
    files: ['www/boxlock.js', 'www/engine/**/*.js'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...markup,
        { name: 'document', message: 'Only www/ui touches the document.' },
        { name: 'localStorage', message: 'The engine keeps no settings.' },
      ],
    },
  },
];
