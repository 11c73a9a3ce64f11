import { type AnyDeduplicator, receive } from './delivery.js'
import type { WebhookEvent } from './event.js'
import { isRaw, type WebhookBody } from './received.js'
import { isStream, unread } from './stream.js'
import type { Verifier } from './verifier.js'

/** A request as of Fastify. */
export interface FastifyRequestLike {
  readonly method: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: unknown
  /** The bytes, where a hook kept them. */
  readonly rawBody?: unknown
  readonly raw: object
}

/** A reply as of Fastify. */
export interface FastifyReplyLike {
  readonly statusCode: number
  code(status: number): unknown
  headers(headers: Record<string, string>): unknown
  send(payload?: unknown): unknown
}

/** What a plugin needs of Fastify. */
export interface FastifyLike {
  removeAllContentTypeParsers(): unknown
  // biome-ignore lint/suspicious/noExplicitAny: the types of Fastify depend on its server
  addContentTypeParser(type: string, parser: (request: any, payload: any, done: any) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: as above
  post(path: string, handler: (request: any, reply: any) => Promise<unknown>): unknown
}

/** A plugin of Fastify, encapsulated. */
export type FastifyPlugin = (app: FastifyLike) => Promise<void>

/** @internal */
export function fastifyPlugin<Request extends FastifyRequestLike, Reply extends FastifyReplyLike>(
  verifier: Verifier,
  seen: AnyDeduplicator,
  path: string,
  handler: (event: WebhookEvent, request: Request, reply: Reply) => unknown,
): FastifyPlugin {
  return async (app) => {
    // Of this plugin alone: the body comes as the stream that it is.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    app.post(path, (request: Request, reply: Reply) =>
      receive<Reply | undefined>(verifier, seen, {
        method: request.method,
        headers: request.headers,
        read: () => bodyOf(request, verifier.sizeLimit),
        async handle(event) {
          const returned = await handler(event, request, reply)
          // Now, since what cannot be sent is no 2xx. Of nothing, Fastify makes an answer if there is none yet.
          if (returned !== undefined) reply.send(returned)
          return { status: reply.statusCode, response: returned === undefined ? undefined : reply }
        },
        respond({ status, headers, body }) {
          reply.code(status)
          reply.headers({ ...headers })
          reply.send(body)
          return reply
        },
      }),
    )
  }
}

const EATEN =
  "the webhook's body was read before its receiver could, and its bytes are gone: let no onRequest, preParsing or " +
  'preValidation hook read it; or let the one that does keep the bytes: request.rawBody = bytes'

/** The bytes that a hook kept, or those that nobody has read yet. */
function bodyOf({ rawBody, body, raw }: FastifyRequestLike, limit: number): WebhookBody | Promise<WebhookBody> {
  const kept = [rawBody, body].find(isRaw)
  return kept ?? unread(isStream(body) ? body : raw, limit, EATEN)
}
