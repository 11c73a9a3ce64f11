import { invalidRequest } from '../errors.js'
import { type AnyDeduplicator, type Returned, receive, type WebhookAnswer } from './delivery.js'
import type { WebhookEvent } from './event.js'
import type { WebhookBody, WebhookHeaders } from './received.js'
import type { Verifier } from './verifier.js'

/** An event of AWS Lambda: of API Gateway (REST and HTTP), a function URL, or a load balancer. */
export interface LambdaEvent {
  readonly httpMethod?: string
  readonly requestContext?: object
  readonly headers?: Readonly<Record<string, string | undefined>> | null | undefined
  readonly multiValueHeaders?: Readonly<Record<string, string[] | undefined>> | null | undefined
  readonly body?: string | null | undefined
  readonly isBase64Encoded?: boolean | undefined
}

/** A response of AWS Lambda, as a handler writes it: without a `statusCode` it is none. */
export interface LambdaResult {
  statusCode?: number | undefined
}

/** A response of AWS Lambda. */
export interface LambdaResponse extends LambdaResult {
  statusCode: number
  headers?: Record<string, string>
  multiValueHeaders?: Record<string, string[]>
  body: string
  isBase64Encoded?: boolean
}

/** A handler of AWS Lambda. */
export type LambdaHandler<Event, Context, Result> = (event: Event, context: Context) => Promise<Result | LambdaResponse>

/** @internal */
export function lambdaHandler<Event extends LambdaEvent, Context, Result extends LambdaResult>(
  verifier: Verifier,
  seen: AnyDeduplicator,
  handler: (event: WebhookEvent, lambdaEvent: Event, context: Context) => Returned<Result>,
): LambdaHandler<Event, Context, Result> {
  return async (lambdaEvent, context) => {
    const respond = (answer: WebhookAnswer) => responseOf(answer, lambdaEvent)
    return receive<Result | LambdaResponse>(verifier, seen, {
      method: methodOf(lambdaEvent),
      headers: headersOf(lambdaEvent),
      read: () => bodyOf(lambdaEvent),
      async handle(event, answer) {
        const returned = await handler(event, lambdaEvent, context)
        const response = returned ?? respond(answer)
        return { status: statusOf(response), response }
      },
      respond,
    })
  }
}

function methodOf({ httpMethod, requestContext }: LambdaEvent): string {
  const method = httpMethod ?? (requestContext as { http?: { method?: unknown } } | undefined)?.http?.method
  if (typeof method === 'string') return method
  throw new TypeError('this is no event of API Gateway, a function URL or a load balancer: it has no method')
}

/** Where names may repeat, `headers` has the last of each alone, or is not there. */
function headersOf({ headers, multiValueHeaders }: LambdaEvent): WebhookHeaders {
  const several = multiValueHeaders ?? {}
  return (Object.keys(several).length > 0 ? several : (headers ?? {})) as WebhookHeaders
}

function bodyOf({ body, isBase64Encoded }: { body?: unknown; isBase64Encoded?: unknown }): WebhookBody {
  if (body === undefined || body === null) return ''
  if (typeof body === 'string') return isBase64Encoded ? Buffer.from(body, 'base64') : body
  throw invalidRequest(
    "the webhook's body was parsed before its receiver could read it, and its bytes are gone: take the JSON parser " +
      'away from this function, whose event.body must be the text that AWS Lambda gives',
  )
}

function statusOf(returned: LambdaResult): number {
  const status: unknown = returned.statusCode
  if (typeof status === 'number') return status
  throw new TypeError('the handler of a webhook must return a response, which has a statusCode, a number, or nothing')
}

/** In the shape that was asked in. */
function responseOf({ status, headers, body }: WebhookAnswer, asked: LambdaEvent): LambdaResponse {
  const response = { statusCode: status, body, isBase64Encoded: false }
  if (asked.headers || !asked.multiValueHeaders) return { ...response, headers: { ...headers } }
  const several = Object.entries(headers).map(([name, value]) => [name, [value]])
  return { ...response, multiValueHeaders: Object.fromEntries(several) }
}
