import { invalidRequest } from '../errors.js'
import { isError } from '../thrown.js'
import { warn } from '../warnings.js'
import { type AnyDeduplicator, receive, type WebhookAnswer } from './delivery.js'
import type { WebhookEvent } from './event.js'
import { isRaw, type WebhookBody } from './received.js'
import { unread } from './stream.js'
import type { Verifier } from './verifier.js'

/** A request as of `node:http`, Express and Connect. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** What a body parser made of it. */
  body?: unknown
  /** The bytes, where somebody kept them. */
  rawBody?: unknown
}

/** A response as of `node:http`, Express and Connect. */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly writableEnded: boolean
  setHeader(name: string, value: string): unknown
  end(text?: string): unknown
  destroy(): unknown
}

/** A handler of `node:http`, Express and Connect. */
export type NodeHandler<Request, Response> = (
  request: Request,
  response: Response,
  next?: (error?: unknown) => void,
) => Promise<void>

/** @internal */
export function nodeHandler<Request extends NodeRequest, Response extends NodeResponse>(
  verifier: Verifier,
  seen: AnyDeduplicator,
  handler: (event: WebhookEvent, request: Request, response: Response) => unknown,
): NodeHandler<Request, Response> {
  return async (request, response, next) => {
    try {
      await receive(verifier, seen, {
        method: String(request.method),
        headers: request.headers,
        read: () => bodyOf(request, verifier.sizeLimit),
        async handle(event, answer) {
          await handler(event, request, response)
          // What it sent, or set to be sent.
          const status = response.statusCode
          return { status, response: response.headersSent ? undefined : { ...answer, status } }
        },
        respond: (answer) => answer,
      }).then((answer) => answer && send(response, answer))
    } catch (error) {
      if (next) next(failureOf(error))
      else fail(response, error)
    }
  }
}

const EATEN =
  "the webhook's body was read before its receiver could, and its bytes are gone: register the receiver before " +
  "express.json() or any other body parser; or let its route have express.raw({ type: () => true, limit: '1mb' }) " +
  'instead; or keep the bytes: express.json({ verify: (request, response, bytes) => { request.rawBody = bytes } })'

const DECODED =
  "the webhook's body was decoded from another charset than UTF-8, and its bytes are gone: let its route have " +
  "express.raw({ type: () => true, limit: '1mb' }) instead of express.text()"

/** The bytes that somebody kept, or those that nobody has read yet. */
function bodyOf(request: NodeRequest, limit: number): WebhookBody | Promise<WebhookBody> {
  const { rawBody, body, headers } = request
  if (isRaw(rawBody)) return rawBody
  // Without a body, parsers read nothing, though some leave an empty object.
  if (!isRaw(body)) return unread(request, limit, EATEN)
  if (typeof body === 'string' && !isUtf8(headers['content-type'])) throw invalidRequest(DECODED)
  return body
}

/** Whether the text of this type was UTF-8, as it is unless its sender says something else. */
function isUtf8(type: unknown): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(String(type)) ?? []
  return !charset || /^utf-?8$/i.test(charset)
}

function send(response: NodeResponse, { status, headers, body }: WebhookAnswer): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(body)
}

/** Express goes on to other routes where it is given `'route'`, `'router'` or anything falsy. */
function failureOf(error: unknown): Error {
  if (isError(error)) return error
  return new Error('the handler of a webhook failed', { cause: error })
}

/** Where no framework takes an error, the process is told. */
function fail(response: NodeResponse, error: unknown): void {
  warn('LINKTOR_WEBHOOK_HANDLER', 'a webhook was not handled', error)
  if (!response.headersSent) send(response, { status: 500, headers: {}, body: '' })
  else if (!response.writableEnded) response.destroy()
}
