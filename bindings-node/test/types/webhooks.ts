import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

import {
  Verifier,
  type VerifierOptions,
  type WebhookBody,
  WebhookEvent,
  type WebhookEventType,
  type WebhookHeaders,
  type WebhookScheme,
  type WebhookSecret,
  WebhookVerificationError,
  webhooks,
} from '@linktor/sdk'

type LambdaHeaders = { [name: string]: string | undefined }
type Lambda = { headers: LambdaHeaders }

const secrets: WebhookSecret = ['secret', new Uint8Array(8)]
const options: VerifierOptions = { tolerance: 60_000, sizeLimit: 65_536, now: new Date() }
const own: WebhookScheme = {
  signature: { kind: 'hmac', header: 'X-A', prefix: 'sha256=' },
  event: { id: ['/id'] },
}
const provider: Readonly<Record<string, unknown>> & { credentials: unknown } = { credentials: [], name: 'acme' }
export const verifiers = ([own, provider, 'api_v1', process.env.SCHEME ?? ''] as const).map(
  (scheme) => new Verifier(scheme, 'secret'),
)

export function received(request: IncomingMessage, body: Buffer, fetched: Request, lambda: Lambda): unknown[] {
  const headers: WebhookHeaders[] = [
    request.headers,
    request.headersDistinct,
    request.rawHeaders,
    fetched.headers,
    lambda.headers,
    [['a', 'b']],
    new Map([['a', 'b']]),
    { a: ['b'] },
    { a: fetched.headers.get('a') },
    {} as IncomingHttpHeaders,
  ]
  const bodies: WebhookBody[] = [body, 'text', new ArrayBuffer(1), new DataView(body.buffer), new Uint8Array(1)]
  const verifier = new Verifier('linktor', secrets, options)
  try {
    const events: WebhookEvent[] = headers.flatMap((told) => bodies.map((each) => verifier.verify(each, told)))
    const event = webhooks.verify('libromi', body, request.headers, 'secret', { now: Date.now() })
    webhooks.verifySignature(own, body, request.headers, secrets)
    const type: WebhookEventType | undefined = event.type
    if (type === 'message.received' || type === 'acme.sent') events.push(event)
    const seen = new webhooks.Deduplicator({ capacity: 5 })
    const begun: webhooks.Begun | undefined = event.id === undefined ? undefined : seen.begin(event.id)
    const known: readonly string[] = webhooks.EVENT_TYPES
    const { name } = event.data<{ name: string }>()
    return [name, event.timestamp?.getTime(), event.organization, begun, known, event.bytes().length, events]
  } catch (error) {
    if (error instanceof WebhookVerificationError) return [error.kind satisfies string, error.code]
    const signed: Record<string, string> = webhooks.sign('standard_webhooks', body, 'secret', { id: 'a', timestamp: 0 })
    return [signed]
  }
}

// @ts-expect-error: only a delivery makes an event
new WebhookEvent()
// @ts-expect-error: no such field of a scheme
new Verifier({ signature: { kind: 'hmac', header: 'X-A' }, evnt: {} }, 'secret')
// @ts-expect-error: no such field of a signature
new Verifier({ signature: { kind: 'hmac', header: 'X-A', prefx: 'a' } }, 'secret')
// @ts-expect-error: no such field of an event
new Verifier({ signature: { kind: 'hmac', header: 'X-A' }, event: { idd: [] } }, 'secret')
// @ts-expect-error: a secret that may not be set
new Verifier('linktor', process.env.WEBHOOK_SECRET)
// @ts-expect-error: a parsed body
webhooks.verify('linktor', { id: 'evt_1' }, {}, 'secret')
// @ts-expect-error: a number is no header
webhooks.verify('linktor', '', { a: 5 }, 'secret')
// @ts-expect-error: a half of a scheme
webhooks.sign({ signature: { kind: 'hmac' } }, '', 'secret')
