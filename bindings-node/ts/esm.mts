// The same instance for both module systems: one addon, one identity of every class.
export * from './index.js'
