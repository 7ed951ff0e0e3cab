// What takes minutes: `npm run test:heavy`.
export default {
  extensions: { ts: 'module' },
  files: ['__test__/heavy/**/*.heavy.ts'],
  nodeArguments: ['--import', 'tsx'],
  timeout: '30m',
  workerThreads: false,
  concurrency: 1,
  serial: true,
}
