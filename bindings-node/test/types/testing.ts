import { APIClient, LibromiConnect, type Linktor } from '@linktor/sdk'
import {
  type Answer,
  type Call,
  type Calls,
  type Delivery,
  type DeliveryOptions,
  type Entry,
  type Family,
  type FamilyCredentials,
  type Match,
  type Report,
  Sandbox,
  type SandboxCredentials,
  SandboxError,
  type SandboxLimit,
  type WebhookFamily,
} from '@linktor/sdk/testing'

export async function use(): Promise<unknown[]> {
  const sandbox: Sandbox = await Sandbox.start()
  const client: Linktor = sandbox.client('linkit', { maxRetries: 0 })
  const api = new APIClient({ ...sandbox.options('api_v1'), provider: 'api_v1' })
  const libromi = new LibromiConnect(sandbox.options('libromi', { timeout: 5 }))
  const match: Match = { family: 'linktor', method: 'GET', path: '/api/v1/me' }
  const answer: Answer = { status: 503, headers: { 'X-A': ['1', '2'] }, delayMs: 5, match }
  await sandbox.script(answer, { body: new Uint8Array(1), repeat: 2 }, { json: [] }, { reset: true, act: true })
  await sandbox.control('clock', { advance: 1000 })
  const limits: SandboxLimit[] = [{ limit: 2, window: 1000 }]
  const told: Calls['limits'] = { family: 'api_v2', limits }
  const call: Call = 'limits'
  await sandbox.control(call, told)
  const options: DeliveryOptions = { url: 'http://127.0.0.1:1', event: 'a', tamper: 'stale' }
  const family: WebhookFamily = 'linktor_body'
  const report: Report = await sandbox.deliver({ ...options, family })
  const deliveries: readonly Delivery[] = report.deliveries
  const [entry]: Entry[] = await sandbox.journal()
  const body: Uint8Array | undefined = entry?.bytes()
  const known: SandboxCredentials = sandbox.credentials
  const secret: FamilyCredentials['webhookSecret'] = known.standard_webhooks.webhookSecret
  const urls: Record<Family, string> = { ...sandbox.baseUrls }
  const authUrl: string = sandbox.authUrls.api_v2
  await sandbox.reset()
  await sandbox.stop()
  await sandbox[Symbol.asyncDispose]()
  return [client, api, libromi, deliveries, body, entry?.headers.get('a'), entry?.json<Answer>(), secret, urls, authUrl]
}

export const told = (error: unknown) => error instanceof SandboxError && error.message

declare const sandbox: Sandbox
// @ts-expect-error: a sandbox is started
new Sandbox()
// @ts-expect-error: no such field of an answer
sandbox.script({ delay_ms: 5 })
// @ts-expect-error: no such family
sandbox.client('linkedin')
// @ts-expect-error: a preset has its provider itself
sandbox.options('linktor', { provider: 'linkit' })
// @ts-expect-error: no such call
sandbox.control('clocks', { advance: 5 })
// @ts-expect-error: the clock advances
sandbox.control('clock', { family: 'linktor' })
// @ts-expect-error: libromi has no password
sandbox.credentials.libromi.password
// @ts-expect-error: an event has a type
sandbox.deliver({ url: 'http://127.0.0.1:1' })
