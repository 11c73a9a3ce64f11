// Compiled with the frameworks' own types; it is never run.
import { createServer, type IncomingMessage } from 'node:http'

import { Receiver, Verifier, webhooks } from '@linktor/sdk'
import type {
  ALBEvent,
  ALBHandler,
  ALBResult,
  APIGatewayProxyEvent,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  APIGatewayProxyResult,
  APIGatewayProxyStructuredResultV2,
  Context,
  LambdaFunctionURLHandler,
} from 'aws-lambda'
import connect from 'connect'
import express, { type Request as ExpressRequest, type Response as ExpressResponse } from 'express'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { Hono, type Context as HonoContext } from 'hono'

const receiver = new Receiver('linktor', ['new', 'old'], { tolerance: 60_000, sizeLimit: 65_536 })

export const made: Receiver[] = [
  new Receiver(new Verifier('linktor', 'secret')),
  new webhooks.Receiver('linktor', 'secret', { deduplicator: new webhooks.Deduplicator() }),
]

class Shared implements webhooks.AnyDeduplicator {
  async begin(key: string): Promise<webhooks.Begun> {
    return key === '' ? 'done' : 'new'
  }
  async commit(_key: string): Promise<void> {}
  release(_key: string): number {
    return 1
  }
}
export const shared = new Receiver('linktor', 'secret', { deduplicator: new Shared() })

const app = express()
app.post(
  '/webhooks',
  receiver.express(async (event, request: ExpressRequest, response: ExpressResponse) => {
    const type: webhooks.WebhookEventType | undefined = event.type
    const { originalUrl } = request
    response.status(201).json({ type, originalUrl })
  }),
)
app.use(receiver.express((event) => console.log(event.id)))
app.post(
  '/webhooks/:tenant',
  receiver.express(async (_event, request: ExpressRequest<{ tenant: string }>, response: ExpressResponse) => {
    const tenant: string = request.params.tenant
    return response.sendStatus(tenant ? 200 : 404)
  }),
)
connect().use(receiver.express((_event, request: IncomingMessage) => request.url))
createServer(receiver.express(async (_event, request, response) => response.end(request.url)))

const fastify = Fastify()
await fastify.register(receiver.fastify('/webhooks', async () => {}))
await fastify.register(
  receiver.fastify('/webhooks/:tenant', async (event, request: FastifyRequest, reply: FastifyReply) => {
    request.log.info(event.id)
    return reply.status(202).send({ received: true })
  }),
  { prefix: '/v1' },
)

export const POST = receiver.fetch(async (event, request: Request) => {
  if (event.type === 'message.sent') return Response.json({ url: request.url })
  return undefined
})
export const answered: Promise<Response> = POST(new Request('http://localhost'))
export const route: (request: Request, context: { params: Promise<{ tenant: string }> }) => Promise<Response> =
  receiver.fetch(async (_event, _request, { params }) => {
    const tenant: string = (await params).tenant
    console.log(tenant)
  })

const hono = new Hono()
const onHono = receiver.fetch((event, _request, c: HonoContext) => c.text(event.id ?? ''))
hono.post('/webhooks', (c) => onHono(c.req.raw, c))

export const rest: APIGatewayProxyHandler = receiver.awsLambda(
  async (event, lambdaEvent: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult> => ({
    statusCode: 200,
    body: `${event.id} ${lambdaEvent.path} ${context.awsRequestId}`,
  }),
)
export const http: APIGatewayProxyHandlerV2 = receiver.awsLambda(async (event, { rawPath }) => {
  if (event.id === rawPath) return { statusCode: 202, cookies: ['a=b'] }
  return undefined
})
export const structured: APIGatewayProxyHandlerV2 = receiver.awsLambda(
  async (): Promise<APIGatewayProxyStructuredResultV2> => ({ statusCode: 202 }),
)
export const url: LambdaFunctionURLHandler = receiver.awsLambda(async (event) => console.log(event.id))
export const balancer: ALBHandler = receiver.awsLambda(
  async (_event, _asked: ALBEvent): Promise<ALBResult> => ({ statusCode: 200 }),
)
export const silent: APIGatewayProxyHandler = receiver.awsLambda(async (event) => {
  event.data()
})
export const silentBalancer: ALBHandler = receiver.awsLambda(async (event, { path }, { awsRequestId }) => {
  console.log(event.data(), path, awsRequestId)
})
export const sync: APIGatewayProxyHandler = receiver.awsLambda((event) => {
  event.data()
})
export const inferred = receiver.awsLambda(async () => {})

const answer: webhooks.WebhookAnswer = await receiver.handle(Buffer.of(), {}, async () => {})
export const status: number = answer.status
await receiver.handle('', new Headers(), (event) => (event.id ? { status: 422 } : undefined))

// @ts-expect-error: a secret that may not be set
new Receiver('linktor', process.env.WEBHOOK_SECRET)
// @ts-expect-error: no secret
new Receiver('linktor')
// @ts-expect-error: a verifier has its tolerance
new Receiver(new Verifier('linktor', 'secret'), { tolerance: 5 })
// @ts-expect-error: the class
new Receiver('linktor', 'secret', { deduplicator: webhooks.Deduplicator })
// @ts-expect-error: begin must say what is known
new Receiver('linktor', 'secret', { deduplicator: { begin: () => true, commit() {}, release() {} } })
// @ts-expect-error: no Response
receiver.fetch(async () => ({ ok: true }))
// @ts-expect-error: no response
receiver.awsLambda(async () => 'ok')
// @ts-expect-error: no response either
receiver.awsLambda(() => 'ok')
// @ts-expect-error: nor here
export const refused: APIGatewayProxyHandler = receiver.awsLambda(async () => 'ok')
// @ts-expect-error: a status that is a text
receiver.awsLambda(async () => ({ statusCode: '200' }))
// @ts-expect-error: no answer
receiver.handle('', {}, () => 'ok')
// @ts-expect-error: a parsed body
receiver.handle({}, {}, () => {})
