import { configError } from '../errors.js'
import { knownOptions } from '../given.js'
import { VERIFIER_NAMES } from '../names.js'
import { Deduplicator } from './deduplicator.js'
import { type AnyDeduplicator, type Returned, receive, usable, type WebhookAnswer } from './delivery.js'
import type { WebhookEvent } from './event.js'
import { type NodeHandler, type NodeRequest, type NodeResponse, nodeHandler } from './express.js'
import { type FastifyPlugin, type FastifyReplyLike, type FastifyRequestLike, fastifyPlugin } from './fastify.js'
import { type FetchHandler, fetchHandler } from './fetch.js'
import {
  type LambdaEvent,
  type LambdaHandler,
  type LambdaResponse,
  type LambdaResult,
  lambdaHandler,
} from './lambda.js'
import type { WebhookBody, WebhookHeaders, WebhookSecret } from './received.js'
import type { WebhookScheme } from './scheme.js'
import { Verifier, type VerifierOptions } from './verifier.js'

/** What a {@link Receiver} of a verifier may be told. */
export interface DeduplicatorOption {
  /**
   * Where events are remembered. Two senders may give the same id, so each needs one of its own. Default: a new
   * {@link Deduplicator}, which is of this thread alone.
   */
  deduplicator?: AnyDeduplicator
}

/** What a {@link Receiver} may be told. */
export interface ReceiverOptions extends VerifierOptions, DeduplicatorOption {}

/**
 * Receives the deliveries of one sender: verifies each, and lets no event be handled twice. Keep it.
 *
 * ```ts
 * const receiver = new webhooks.Receiver('linktor', secret)
 *
 * app.post('/webhooks/linktor', receiver.express(async (event) => save(event.data())))
 * ```
 *
 * A handler that says nothing is answered for with a 200 without a body. If it fails, or answers with anything but a
 * 2xx, its event is new again when it is redelivered; what it throws goes on to the framework. It has handled the event
 * once the promise that it returns is fulfilled.
 *
 * What the sender gets otherwise: 200 for an event that is done; 503 with `Retry-After` for one that is being handled, and
 * where the deduplicator fails; 401 for a delivery that does not verify, 413 for one that is too long, 400 for one that
 * ends too early, and 405 for anything but a POST, with the code as the body. `NODE_DEBUG=linktor` prints the codes.
 *
 * An event without an id is handled whenever it is delivered.
 */
export class Receiver {
  readonly #verifier: Verifier
  readonly #seen: AnyDeduplicator

  /** @throws {ConfigError} if the deduplicator is a class, or lacks a method */
  constructor(verifier: Verifier, options?: DeduplicatorOption)
  /**
   * @param scheme a name, a document of your own, or a provider's description
   * @param secret one secret, or several of which any may have signed
   * @throws {ConfigError} as `new Verifier`, and if the deduplicator is a class, or lacks a method
   */
  constructor(scheme: WebhookScheme, secret: WebhookSecret, options?: ReceiverOptions)
  constructor(
    scheme: WebhookScheme | Verifier,
    secret?: WebhookSecret | DeduplicatorOption,
    options?: ReceiverOptions,
  ) {
    if (scheme instanceof Verifier) {
      if (options !== undefined) throw configError("the secret and its options are the verifier's: give them to it")
      const { deduplicator } = knownOptions(
        secret === undefined ? {} : (secret as DeduplicatorOption),
        { deduplicator: true },
        configError,
      )
      this.#verifier = scheme
      this.#seen = deduplicatorOf(deduplicator)
    } else {
      const { deduplicator, ...others } = knownOptions(
        options === undefined ? {} : options,
        RECEIVER_NAMES,
        configError,
      )
      this.#verifier = new Verifier(scheme, secret as WebhookSecret, others)
      this.#seen = deduplicatorOf(deduplicator)
    }
  }

  /**
   * A handler of Express 4 and 5, Connect, and `createServer` of `node:http`. Register it before `express.json()`: a
   * signature is of the bytes. It reads them itself, and takes those of `express.raw()`, or of a `request.rawBody`.
   *
   * ```ts
   * app.post('/webhooks/:tenant', receiver.express(async (event, request: Request, response: Response) => {
   *   if (!(await save(request.params.tenant, event))) response.sendStatus(503)
   * }))
   * ```
   *
   * The types are those of the framework, where the handler names them.
   *
   * What the handler does not await, as `response.sendFile` or a pipe, is not waited for: await it, or end the response
   * before the handler returns.
   *
   * Where a parser has taken or decoded the bytes, it fails with an `InvalidRequestError`. Errors go to `next`, and
   * what is thrown that is no error as the `cause` of one; where there is no `next`, the sender gets a 500, and the
   * process a `warning` with the code `LINKTOR_WEBHOOK_HANDLER`.
   */
  express<Request extends NodeRequest, Response extends NodeResponse>(
    handler: (event: WebhookEvent, request: Request, response: Response) => unknown,
  ): NodeHandler<Request, Response> {
    return nodeHandler(this.#verifier, this.#seen, handler)
  }

  /**
   * A plugin of Fastify that receives at `path`; other routes keep their parsers. What the handler returns is sent.
   *
   * ```ts
   * await app.register(receiver.fastify('/webhooks/linktor', async (event, request, reply) => { … }))
   * ```
   *
   * Where a hook has read the bytes, and kept none as `request.rawBody`, it fails with an `InvalidRequestError`.
   */
  fastify<Request extends FastifyRequestLike = FastifyRequestLike, Reply extends FastifyReplyLike = FastifyReplyLike>(
    path: string,
    handler: (event: WebhookEvent, request: Request, reply: Reply) => unknown,
  ): FastifyPlugin {
    return fastifyPlugin(this.#verifier, this.#seen, path, handler)
  }

  /**
   * A handler of requests as of `fetch`, for Next.js, Hono, Bun and Deno. The handler returns a `Response`, or nothing;
   * what comes after the request is passed on.
   *
   * ```ts
   * export const POST = receiver.fetch(async (event, request) => { … }) // a route of Next.js
   *
   * const handler = receiver.fetch(async (event, request, c: Context) => c.text('received'))
   * app.post('/webhooks/linktor', (c) => handler(c.req.raw, c)) // Hono
   * ```
   *
   * It rejects with a `TypeError` if the request's body was read already.
   */
  fetch<R extends Request, Rest extends readonly unknown[]>(
    handler: (event: WebhookEvent, request: R, ...rest: Rest) => Returned<Response>,
  ): FetchHandler<R, Rest> {
    return fetchHandler(this.#verifier, this.#seen, handler)
  }

  /**
   * A handler of AWS Lambda, behind API Gateway (REST and HTTP), a function URL, or a load balancer. The handler returns
   * a response with its `statusCode`, or nothing. The next container remembers nothing of what this one handled: give a
   * deduplicator that they share.
   *
   * ```ts
   * export const handler = receiver.awsLambda(async (event, lambdaEvent, context) => { … })
   * ```
   *
   * It rejects with a `TypeError` if it is asked with no such event, and with an `InvalidRequestError` if the event's body
   * was parsed.
   */
  awsLambda<Event extends LambdaEvent, Context>(
    handler: (event: WebhookEvent, lambdaEvent: Event, context: Context) => void | PromiseLike<void>,
  ): LambdaHandler<Event, Context, LambdaResponse>
  /** The same, of a handler that returns a response. */
  awsLambda<Event extends LambdaEvent, Context, Result extends LambdaResult = LambdaResponse>(
    handler: (event: WebhookEvent, lambdaEvent: Event, context: Context) => Returned<Result>,
  ): LambdaHandler<Event, Context, Result>
  awsLambda<Event extends LambdaEvent, Context, Result extends LambdaResult = LambdaResponse>(
    handler: (event: WebhookEvent, lambdaEvent: Event, context: Context) => Returned<Result>,
  ): LambdaHandler<Event, Context, Result> {
    return lambdaHandler(this.#verifier, this.#seen, handler)
  }

  /**
   * Receives a delivery in any other framework: a POST, whose body is read up to some limit.
   *
   * ```ts
   * const { status, headers, body } = await receiver.handle(bytes, request.headers, async (event) => { … })
   * ```
   *
   * @param body the raw body, as it was received
   * @param handler it may return parts of an answer, as `{ status: 422 }`; one that is no 2xx releases the event
   * @throws {InvalidRequestError} if the body is no bytes or text, or the headers are none
   */
  handle(
    body: WebhookBody,
    headers: WebhookHeaders,
    handler: (event: WebhookEvent) => Returned<Partial<WebhookAnswer>>,
  ): Promise<WebhookAnswer> {
    return receive(this.#verifier, this.#seen, {
      headers,
      read: () => body,
      async handle(event, answer) {
        const returned: unknown = (await handler(event)) ?? {}
        if (typeof returned !== 'object') {
          throw new TypeError('the handler of a webhook must return parts of an answer, as { status: 422 }, or nothing')
        }
        const response = { ...answer, ...returned }
        return { status: response.status, response }
      },
      respond: (answer) => answer,
    })
  }
}

const RECEIVER_NAMES = { deduplicator: true, ...VERIFIER_NAMES }

function deduplicatorOf(given: AnyDeduplicator | undefined): AnyDeduplicator {
  return given === undefined ? new Deduplicator() : usable(given)
}
