export * from '../testing.js'
