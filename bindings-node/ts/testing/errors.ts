/** The sandbox cannot be found or started, does not answer, or refused a call; the message says why. */
export class SandboxError extends Error {}

Object.defineProperty(SandboxError.prototype, 'name', { value: 'SandboxError', configurable: true, writable: true })
