// What Fastify, fetch and AWS Lambda have of their own: their parameters, their bodies, their answers.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

import { createAdaptorServer } from '@hono/node-server'
import { InvalidRequestError, Receiver } from '@linktor/sdk'
import Fastify from 'fastify'
import { Hono } from 'hono'

import { delivery, listening, SECRET, send, signed } from './receivers/fronts.mjs'
import { SHAPES } from './receivers/lambda.mjs'

const receiver = () => new Receiver('linktor', SECRET)

async function overFastify(prepare, use, logged = []) {
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line) => logged.push(JSON.parse(line)) } } })
  await prepare(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  try {
    return await use(`http://127.0.0.1:${app.server.address().port}`)
  } finally {
    await app.close()
  }
}

describe('fastify', () => {
  test('other routes keep their parsers, and a prefix counts', async () => {
    const prepare = async (app) => {
      app.post('/echo', (request) => request.body)
      const plugin = receiver().fastify('/:tenant', async (event, request) => ({ id: event.id, ...request.params }))
      await app.register(plugin, { prefix: '/hooks' })
    }
    await overFastify(prepare, async (origin) => {
      const echoed = { method: 'POST', body: Buffer.from('{"a": 1}'), headers: [['Content-Type', 'application/json']] }
      assert.equal((await send(`${origin}/echo`, echoed)).body, '{"a":1}')
      const other = await send(`${origin}/echo`, { ...echoed, headers: [['Content-Type', 'text/x-other']] })
      assert.equal(other.status, 415)
      const { headers, body } = await send(`${origin}/hooks/acme`, delivery())
      assert.deepEqual(
        [headers['content-type'], body],
        ['application/json; charset=utf-8', '{"id":"evt_1","tenant":"acme"}'],
      )
      assert.equal((await send(`${origin}/hooks/acme`, delivery())).body, '')
    })
  })

  test('what fastify answers with decides', async () => {
    const circular = {}
    circular.self = circular
    const outcomes = [
      () => circular,
      (reply) => reply.code(409).send({ error: 'busy' }),
      (reply) => {
        reply.code(422)
      },
      (reply) => {
        setTimeout(() => reply.code(507).send(), 20)
        return reply
      },
      () => {
        throw Object.assign(new Error('too many'), { statusCode: 429 })
      },
      (reply) => {
        reply.hijack()
        reply.raw.writeHead(500).end()
      },
      (reply) => {
        reply.code(503)
        return Readable.from(['come ', 'again'])
      },
      () => 'done',
    ]
    const logged = []
    const prepare = (app) => {
      app.addHook('onSend', async (_request, _reply, payload) => {
        await sleep(5)
        return payload
      })
      return app.register(receiver().fastify('/hook', async (_event, _request, reply) => outcomes.shift()(reply)))
    }
    await overFastify(
      prepare,
      async (origin) => {
        const answers = []
        for (let i = 0; i < 9; i++) answers.push(await send(`${origin}/hook`, delivery()))
        const statuses = answers.map(({ status }) => status)
        assert.deepEqual(statuses, [500, 409, 422, 507, 429, 500, 503, 200, 200])
        const bodies = answers.slice(6).map(({ body }) => body)
        assert.deepEqual(bodies, ['come again', 'done', ''])
      },
      logged,
    )
    assert.deepEqual(
      logged.map(({ err }) => err.message.split('\n')[0]),
      ['Converting circular structure to JSON'],
    )
  })

  test('a body may be longer than other routes take, and of any type or none', async () => {
    const prepare = (app) =>
      app.register(new Receiver('linktor', SECRET, { sizeLimit: 3_000_000 }).fastify('/hook', () => {}))
    await overFastify(prepare, async (origin) => {
      const { body, headers } = delivery('evt_1', 'x'.repeat(2_000_000))
      assert.equal((await send(`${origin}/hook`, { method: 'POST', body, headers })).status, 200)
      for (const bytes of [delivery('evt_2').body, Buffer.alloc(0)]) {
        for (const type of [[], [['Content-Type', 'text/x-other']]]) {
          const given = { method: 'POST', body: bytes, headers: [...type, ...signed(bytes)] }
          assert.equal((await send(`${origin}/hook`, given)).status, 200)
        }
      }
    })
  })

  test('injected requests are received', async () => {
    const app = Fastify()
    await app.register(receiver().fastify('/hook', () => {}))
    const { body: payload, headers } = delivery()
    const inject = { method: 'POST', url: '/hook', payload, headers: Object.fromEntries(headers) }
    assert.equal((await app.inject(inject)).statusCode, 200)
    assert.equal((await app.inject({ ...inject, payload: '{}' })).body, 'signature_mismatch')
    await app.close()
  })

  const HOOKS_THAT_EAT = {
    onRequest: (request) => buffer(request.raw),
    preParsing: async (_request, _reply, payload) => {
      await buffer(payload)
      return payload
    },
    preValidation: async (request) => {
      request.body = JSON.parse((await buffer(request.body)).toString() || '{}')
    },
    preHandler: async (request) => {
      await buffer(request.body)
      request.body = null
    },
  }
  for (const [name, hook] of Object.entries(HOOKS_THAT_EAT)) {
    test(`a body that a hook ate is missed loudly, ${name}`, async () => {
      const errors = []
      const prepare = async (app) => {
        app.addHook(name, hook)
        app.setErrorHandler((error, _request, reply) => {
          errors.push(error)
          return reply.code(500).send()
        })
        await app.register(receiver().fastify('/hook', () => {}))
      }
      await overFastify(prepare, async (origin) => {
        const { body, headers } = delivery()
        assert.equal((await send(`${origin}/hook`, { method: 'POST', body, headers })).status, 500)
        const unsigned = await send(`${origin}/hook`, { method: 'POST', body, headers: headers.slice(0, 1) })
        assert.deepEqual([unsigned.status, unsigned.body], [401, 'missing_signature'])
        const empty = Buffer.alloc(0)
        const typed = [...headers.slice(0, 1), ...signed(empty)]
        assert.equal((await send(`${origin}/hook`, { method: 'POST', body: empty, headers: typed })).status, 200)
      })
      const [error, ...more] = errors
      assert.ok(error instanceof InvalidRequestError, error)
      assert.match(error.message, /onRequest, preParsing or preValidation.*request\.rawBody = bytes/)
      assert.ok(!inspect(error).includes('message.received'))
      assert.equal(more.length, 0)
    })
  }

  const HOOKS_THAT_KEEP = {
    onRequest: async (request) => {
      request.rawBody = await buffer(request.raw)
    },
    preParsing: async (_request, _reply, payload) => Readable.from([await buffer(payload)]),
    preValidation: async (request) => {
      request.body = (await buffer(request.body)).toString()
    },
    preHandler: async (request) => {
      request.body = { parsed: 'and nothing was read' }
    },
  }
  for (const [name, hook] of Object.entries(HOOKS_THAT_KEEP)) {
    test(`a body that a hook kept is taken, ${name}`, async () => {
      const prepare = async (app) => {
        app.addHook(name, hook)
        await app.register(receiver().fastify('/hook', (event) => event.data()))
      }
      await overFastify(prepare, async (origin) => {
        const { status, body } = await send(`${origin}/hook`, delivery())
        assert.deepEqual([status, body], [200, '{"text":"é"}'])
        const { headers } = delivery()
        const other = await send(`${origin}/hook`, { method: 'POST', body: Buffer.from('{}'), headers })
        assert.deepEqual([other.status, other.body], [401, 'signature_mismatch'])
      })
    })
  }

  test('a body that fastify parsed is missed loudly in a route of one’s own', async () => {
    const prepare = (app) =>
      app.post('/hook', (request) =>
        receiver().handle(request.body, request.headers, () => assert.fail('it was parsed')),
      )
    await overFastify(prepare, async (origin) => {
      const { status, body } = await send(`${origin}/hook`, delivery())
      assert.equal(status, 500)
      assert.match(JSON.parse(body).message, /a parsed object.*receiver\.fastify/)
    })
  })
})

describe('fetch', () => {
  const asked = ({ method, body, headers }) => new Request('http://localhost/hook', { method, body, headers })

  test('what comes after the request is passed on, and the response goes back', async () => {
    const POST = receiver().fetch(async (event, request, context, more) => {
      const { tenant } = await context.params
      return Response.json({ id: event.id, tenant, more, url: request.url }, { status: 202 })
    })
    const response = await POST(asked(delivery()), { params: Promise.resolve({ tenant: 'acme' }) }, 7)
    assert.equal(response.status, 202)
    assert.deepEqual(await response.json(), { id: 'evt_1', tenant: 'acme', more: 7, url: 'http://localhost/hook' })
    assert.equal((await POST(asked(delivery()), {})).status, 200)
  })

  test('what is no response releases the event', async () => {
    const outcomes = ['ok', 1, { ok: true }, Response.error(), null]
    const POST = receiver().fetch(() => outcomes.shift())
    for (let i = 0; i < 3; i++)
      await assert.rejects(POST(asked(delivery())), /TypeError: .*return a Response, or nothing/)
    assert.equal((await POST(asked(delivery()))).type, 'error')
    assert.equal((await POST(asked(delivery()))).status, 200)
    assert.equal(outcomes.length, 0)
  })

  test('a body that was read is missed loudly', async () => {
    const POST = receiver().fetch(() => assert.fail('it was read'))
    const request = asked(delivery())
    await request.json()
    const locked = asked(delivery())
    locked.body.getReader()
    const isLoud = (error) => error instanceof TypeError && /request\.clone\(\)/.test(error.message)
    for (const read of [request, locked]) await assert.rejects(POST(read), isLoud)
    assert.equal((await POST(asked({ ...delivery(), headers: [] }))).status, 401)
  })

  test('a body is read as far as the limit', async () => {
    let pulled = 0
    let cancelled = 0
    const stream = () =>
      new ReadableStream({
        pull(controller) {
          pulled += 1
          controller.enqueue(Buffer.alloc(600))
        },
        cancel() {
          cancelled += 1
        },
      })
    const POST = new Receiver('linktor', SECRET, { sizeLimit: 1000 }).fetch(() => assert.fail('it is too long'))
    const init = { method: 'POST', headers: delivery().headers, body: stream(), duplex: 'half' }
    const response = await POST(new Request('http://localhost', init))
    assert.deepEqual([response.status, await response.text()], [413, 'payload_too_large'])
    assert.ok(pulled <= 4, `${pulled} pulled`)
    assert.equal(cancelled, 1)
  })

  test('a body that ends too early is refused', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(delivery().body.subarray(0, 9))
      },
      pull(controller) {
        controller.error(new Error('the connection was reset'))
      },
    })
    const init = { method: 'POST', headers: delivery().headers, body, duplex: 'half' }
    const response = await receiver().fetch(() => assert.fail('it did not come whole'))(
      new Request('http://localhost', init),
    )
    assert.deepEqual([response.status, await response.text()], [400, 'truncated'])
  })

  test('a request without a body is one with an empty body', async () => {
    const request = new Request('http://localhost', { method: 'POST', headers: signed(Buffer.alloc(0)) })
    assert.equal((await receiver().fetch((event) => assert.equal(event.bytes().length, 0))(request)).status, 200)
  })

  test('the context of Hono answers', async () => {
    const app = new Hono()
    const receive = receiver().fetch((event, _request, c) =>
      c.json({ id: event.id, tenant: c.req.param('tenant') }, 201),
    )
    app.post('/hook/:tenant', (c) => receive(c.req.raw, c))
    const server = await listening(createAdaptorServer({ fetch: app.fetch }))
    const { status, body } = await send(`${server.url}/acme`, delivery())
    assert.deepEqual([status, body], [201, '{"id":"evt_1","tenant":"acme"}'])
    await server.close()
  })
})

describe('AWS Lambda', () => {
  const SHAPED = Object.entries(SHAPES)

  for (const [name, shape] of SHAPED) {
    test(`it answers in the shape it was asked in, ${name}`, async () => {
      const contexts = []
      const receive = receiver().awsLambda(async (event, lambdaEvent, context) => {
        contexts.push([event.id, lambdaEvent, context])
        return { statusCode: 202, cookies: ['a=b'] }
      })
      const key = name === 'repeating' ? 'multiValueHeaders' : 'headers'
      const event = shape({ ...delivery(), isBase64Encoded: true })
      const context = { awsRequestId: 'invented' }
      assert.deepEqual(await receive(event, context), { statusCode: 202, cookies: ['a=b'] })
      assert.deepEqual(await receive(event, context), { statusCode: 200, [key]: {}, body: '', isBase64Encoded: false })
      const refused = await receive(shape({ ...delivery(), method: 'GET', body: null }), context)
      const allow = key === 'headers' ? 'POST' : ['POST']
      assert.deepEqual([refused.statusCode, refused[key].allow, refused.body], [405, allow, 'method_not_allowed'])
      assert.deepEqual(contexts, [['evt_1', event, context]])
    })

    test(`an event may have no body, ${name}`, async () => {
      const receive = receiver().awsLambda((event) => ({ statusCode: 200, body: `${event.bytes().length}` }))
      const headers = signed(Buffer.alloc(0))
      const given = { method: 'POST', body: null, headers }
      assert.equal((await receive(shape(given), {})).body, '0')
      assert.equal((await receive(shape({ ...given, headers: [] }), {})).body, 'missing_signature')
      const long = shape({ ...given, body: Buffer.alloc(2 ** 21), isBase64Encoded: true })
      assert.equal((await receive(long, {})).statusCode, 413)
    })
  }

  test('what Lambda cannot answer with releases the event', async () => {
    const none = [1, 'ok', true, { status: 200 }, [200], { statusCode: '200' }, { statusCode: undefined }]
    const outcomes = [...none, { statusCode: 200 }]
    const receive = receiver().awsLambda(() => outcomes.shift())
    const event = SHAPES.http(delivery())
    for (const one of none) {
      await assert.rejects(receive(event, {}), /TypeError: .*which has a statusCode/, inspect(one))
    }
    assert.equal((await receive(event, {})).statusCode, 200)
    assert.equal((await receive(event, {})).statusCode, 200)
    assert.equal(outcomes.length, 0)
  })

  test('headers that are empty where names may repeat are those that are not', async () => {
    const event = { ...SHAPES.balancer(delivery()), multiValueHeaders: {} }
    assert.equal((await receiver().awsLambda(() => {})(event, {})).statusCode, 200)
    const none = { ...event, headers: null, multiValueHeaders: null }
    assert.equal((await receiver().awsLambda(() => {})(none, {})).body, 'missing_signature')
  })

  test('a body that was parsed is missed loudly', async () => {
    const receive = receiver().awsLambda(() => assert.fail('it was parsed'))
    const event = SHAPES.rest(delivery())
    await assert.rejects(receive({ ...event, body: JSON.parse(event.body) }, {}), (error) => {
      assert.ok(error instanceof InvalidRequestError)
      return /take the JSON parser away/.test(error.message)
    })
  })

  test('what is no event of HTTP is said to be', async () => {
    const receive = receiver().awsLambda(() => {})
    for (const event of [
      {},
      { Records: [] },
      { requestContext: { http: {} } },
      { httpMethod: null },
      { httpMethod: 5 },
    ]) {
      await assert.rejects(
        receive(event, {}),
        (error) => error instanceof TypeError && /has no method/.test(error.message),
      )
    }
  })
})
