import { type AnyDeduplicator, type Returned, receive, type WebhookAnswer } from './delivery.js'
import type { WebhookEvent } from './event.js'
import { fetched } from './stream.js'
import type { Verifier } from './verifier.js'

/** A handler of requests as of `fetch`: a route of Next.js, for example. */
export type FetchHandler<R extends Request, Rest extends readonly unknown[]> = (
  request: R,
  ...rest: Rest
) => Promise<Response>

/** @internal */
export function fetchHandler<R extends Request, Rest extends readonly unknown[]>(
  verifier: Verifier,
  seen: AnyDeduplicator,
  handler: (event: WebhookEvent, request: R, ...rest: Rest) => Returned<Response>,
): FetchHandler<R, Rest> {
  return (request, ...rest) =>
    receive<Response>(verifier, seen, {
      method: request.method,
      headers: request.headers,
      read: () => bodyOf(request, verifier.sizeLimit),
      async handle(event, answer) {
        const returned = (await handler(event, request, ...rest)) ?? respond(answer)
        if (!isResponse(returned)) throw new TypeError('the handler of a webhook must return a Response, or nothing')
        return { status: returned.status, response: returned }
      },
      respond,
    })
}

async function bodyOf(request: Request, limit: number): Promise<Buffer> {
  if (request.bodyUsed || request.body?.locked) {
    throw new TypeError(
      "the webhook's body was read before its receiver could: give the receiver the request that nobody has read, " +
        'and read a request.clone() elsewhere; of what it handles, event.bytes() and event.data() are the body',
    )
  }
  return request.body ? fetched(request.body, limit) : Buffer.alloc(0)
}

/** Frameworks bring classes of their own. */
function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'status' in value && 'headers' in value && 'body' in value
}

function respond({ status, headers, body }: WebhookAnswer): Response {
  return new Response(body || null, { status, headers })
}
