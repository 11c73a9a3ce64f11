#!/usr/bin/env node
const { spawn } = require('node:child_process')

const { path } = require('./index.js')

// A pipe, which closes however this process ends: the program ends with its standard input.
const child = spawn(path, process.argv.slice(2), { stdio: ['pipe', 'inherit', 'inherit'] })
process.stdin.pipe(child.stdin)
// It may end before it has read all.
child.stdin.on('error', () => {})
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  throw error
})
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
