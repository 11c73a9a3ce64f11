const framework = require('@jest/globals')
const sdk = require('@linktor/sdk')
const testing = require('@linktor/sdk/testing')

const suite = require('./suite.cjs')

suite(sdk, testing, framework, framework.jest)
