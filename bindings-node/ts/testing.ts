/**
 * The sandbox for tests of one's own: the five API families over real HTTP, with faults on demand.
 *
 * ```ts
 * import { Sandbox } from '@linktor/sdk/testing'
 *
 * const sandbox = await Sandbox.start()
 * afterEach(() => sandbox.reset())
 * afterAll(() => sandbox.stop())
 *
 * test('a busy server is asked again', async () => {
 *   await sandbox.script({ status: 503 })
 *   expect((await sandbox.client().get('/me')).attempts).toBe(2)
 * })
 * ```
 *
 * It runs the program that `npm install -D @linktor/sandbox` brings. Mocks of `fetch` and of time do not touch it, nor
 * does MSW; nock, where it refuses connections, must allow these: `nock.enableNetConnect(/^127\.0\.0\.1/)`.
 *
 * @packageDocumentation
 */
export type { Call, Calls, SandboxLimit } from './testing/control.js'
export type { Delivery, DeliveryOptions, Report, WebhookFamily } from './testing/deliveries.js'
export { SandboxError } from './testing/errors.js'
export type { Family, FamilyCredentials, SandboxCredentials } from './testing/families.js'
export type { Entry } from './testing/journal.js'
export { Sandbox } from './testing/sandbox.js'
export type { Answer, Match } from './testing/script.js'
