#!/usr/bin/env node
const { spawnSync } = require('node:child_process')

const { path } = require('./index.js')

const { status, error } = spawnSync(path, process.argv.slice(2), { stdio: 'inherit' })
if (error) throw error
process.exitCode = status ?? 1
