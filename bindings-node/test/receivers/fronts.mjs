// One handler behind every framework's receiver, and how a test delivers to each.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { connect as connectTo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

import { createAdaptorServer } from '@hono/node-server'
import { webhooks } from '@linktor/sdk'
import connect from 'connect'
import express from 'express'
import express4 from 'express4'
import Fastify from 'fastify'
import { Hono } from 'hono'

import { SHAPES } from './lambda.mjs'

export const SECRET = 'invented-secret'

/** What the user's function does, delivery by delivery: throws, answers with a status, or says nothing. */
export class Handler {
  events = []
  /** What the framework was given, of what was thrown. */
  errors = []

  constructor({ outcomes = [], wait = 0 } = {}) {
    this.outcomes = [...outcomes]
    this.wait = wait
  }

  async handle(event) {
    this.events.push(event)
    const outcome = this.outcomes.shift()
    if (this.wait) await sleep(this.wait)
    if (outcome instanceof Error) throw outcome
    return outcome
  }
}

/** A signed delivery of Linktor's. */
export function delivery(id = 'evt_1', more = '') {
  const named = id === null ? '' : `"id":"${id}",`
  const body = Buffer.from(`{${named}"type":"message.received","data":{"text":"é${more}"}}`)
  return { method: 'POST', body, headers: [['Content-Type', 'application/json'], ...signed(body)] }
}

export function signed(body, options) {
  return Object.entries(webhooks.sign('linktor', body, SECRET, options))
}

/** Waits for what is to come. */
export async function until(done) {
  for (let tries = 0; tries < 500 && !done(); tries++) await sleep(10)
  assert.ok(done(), 'it never came to be so')
}

/** Sends a request, on a connection of its own or of `agent`. */
export async function send(url, { method, body, headers }, agent = false) {
  const several = {}
  for (const [name, value] of headers) several[name] = [...(several[name] ?? []), value]
  // A GET is of no length unless it is said.
  const sent = httpRequest(url, { method, headers: { 'Content-Length': body.length, ...several }, agent })
  sent.end(body)
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

/** Sends a request but for the last byte of its body, on a socket that the test ends. */
export function sendPart(url, { method, body, headers }) {
  const { host, hostname, pathname, port } = new URL(url)
  const all = [['Host', host], ...headers, ['Content-Length', body.length]]
  const socket = connectTo(port, hostname)
  socket.on('error', () => {})
  socket.write(`${method} ${pathname} HTTP/1.1\r\n${all.map((pair) => `${pair.join(': ')}\r\n`).join('')}\r\n`)
  socket.write(body.subarray(0, -1))
  return socket
}

/** Listens until it is closed. */
export async function listening(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}/hook`
  const close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  return { url, close, send: (request, agent) => send(url, request, agent) }
}

function nodeHandler(receiver, handler) {
  return receiver.express(async (event, _request, response) => {
    const status = await handler.handle(event)
    if (status === undefined) return
    response.statusCode = status
    response.end()
  })
}

function overExpress(make, prepare) {
  return (receiver, handler) => {
    const app = make()
    if (prepare) app.use(prepare(make))
    app.all('/hook', nodeHandler(receiver, handler))
    app.use((error, _request, response, _next) => {
      handler.errors.push(error)
      response.sendStatus(500)
    })
    return listening(createServer(app))
  }
}

function overConnect(receiver, handler) {
  const app = connect()
  app.use('/hook', nodeHandler(receiver, handler))
  app.use((error, _request, response, _next) => {
    handler.errors.push(error)
    response.statusCode = 500
    response.end()
  })
  return listening(createServer(app))
}

async function overHttp(receiver, handler) {
  const onWarning = (warning) => warning.code === 'LINKTOR_WEBHOOK_HANDLER' && handler.errors.push(warning.cause)
  process.on('warning', onWarning)
  const server = await listening(createServer(nodeHandler(receiver, handler)))
  return { ...server, close: () => server.close().then(() => process.off('warning', onWarning)) }
}

async function overFastify(receiver, handler) {
  const app = Fastify()
  app.setErrorHandler((error, _request, reply) => {
    handler.errors.push(error)
    return reply.code(500).send()
  })
  await app.register(
    receiver.fastify('/hook', async (event, _request, reply) => {
      const status = await handler.handle(event)
      return status === undefined ? undefined : reply.code(status).send()
    }),
  )
  await app.ready()
  return listening(app.server)
}

function overHono(receiver, handler) {
  const app = new Hono()
  const receive = receiver.fetch(async (event) => {
    const status = await handler.handle(event)
    return status === undefined ? undefined : new Response(null, { status })
  })
  app.all('/hook', (c) => receive(c.req.raw))
  app.onError((error, c) => {
    handler.errors.push(error)
    return c.body(null, 500)
  })
  return listening(createAdaptorServer({ fetch: app.fetch }))
}

/** No sockets: what rejects is the framework's to answer. */
function called(handler, call) {
  const send = async (request) => {
    try {
      return await call(request)
    } catch (error) {
      handler.errors.push(error)
      return { status: 500, headers: {}, body: '' }
    }
  }
  return { send, close: async () => {} }
}

/** As a route of Next.js is called. */
function overFetch(receiver, handler) {
  const POST = receiver.fetch(async (event) => {
    const status = await handler.handle(event)
    return status === undefined ? undefined : new Response(null, { status })
  })
  return called(handler, async ({ method, body, headers }) => {
    const init = method === 'GET' ? { method, headers } : { method, headers, body }
    const response = await POST(new Request('http://localhost/hook', init))
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
  })
}

function overLambda(shape, isBase64Encoded) {
  return (receiver, handler) => {
    const receive = receiver.awsLambda(async (event) => {
      const statusCode = await handler.handle(event)
      return statusCode === undefined ? undefined : { statusCode }
    })
    return called(handler, async (request) => {
      const response = await receive(SHAPES[shape]({ ...request, isBase64Encoded }), {})
      const several = Object.entries(response.multiValueHeaders ?? {}).map(([name, [value]]) => [name, value])
      const headers = { ...response.headers, ...Object.fromEntries(several) }
      return { status: response.statusCode, headers, body: response.body ?? '' }
    })
  }
}

function overNothing(receiver, handler) {
  return called(handler, ({ body, headers }) =>
    receiver.handle(body, headers, async (event) => {
      const status = await handler.handle(event)
      return status === undefined ? undefined : { status }
    }),
  )
}

const keeping = (make) => make.json({ verify: keep })
function keep(request, _response, bytes) {
  request.rawBody = bytes
}

/** Each makes `{ send, close }` of a receiver and a handler; those that listen, a `url` too. */
export const FRONTS = {
  'express 5': overExpress(express),
  'express 5, raw': overExpress(express, (make) => make.raw({ type: () => true })),
  'express 5, text': overExpress(express, (make) => make.text({ type: () => true })),
  'express 5, json that keeps the bytes': overExpress(express, keeping),
  'express 4': overExpress(express4),
  'express 4, raw': overExpress(express4, (make) => make.raw({ type: () => true })),
  'express 4, json that keeps the bytes': overExpress(express4, keeping),
  connect: overConnect,
  'node:http': overHttp,
  fastify: overFastify,
  hono: overHono,
  fetch: overFetch,
  'lambda, REST': overLambda('rest', false),
  'lambda, REST, base64': overLambda('rest', true),
  'lambda, HTTP': overLambda('http', false),
  'lambda, HTTP, base64': overLambda('http', true),
  'lambda, function URL': overLambda('url', true),
  'lambda, load balancer': overLambda('balancer', true),
  'lambda, load balancer, repeating': overLambda('repeating', false),
  nothing: overNothing,
}
