// What Express and node:http have of their own: their parameters, their parsers, their answers.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import * as http2 from 'node:http2'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'

import { InvalidRequestError, Receiver } from '@linktor/sdk'
import express from 'express'
import express4 from 'express4'

import { delivery, listening, SECRET, send, sendPart, signed, until } from './receivers/fronts.mjs'

const receiver = () => new Receiver('linktor', SECRET)

async function over(handler, use) {
  const front = await listening(createServer(handler))
  try {
    return await use(front)
  } finally {
    await front.close()
  }
}

/** The errors that reach the application, which answers them with 500. */
function caught(app) {
  const errors = []
  app.use((error, _request, response, _next) => {
    errors.push(error)
    response.sendStatus(500)
  })
  return errors
}

describe('express', () => {
  test('what the route captures is the handler’s, and it answers by itself', async () => {
    const app = express()
    const router = express.Router({ mergeParams: true })
    const receive = receiver().express(async (event, request, response) => {
      const { tenant } = request.params
      response.set('X-A', 'b').status(202).json({ id: event.id, tenant, query: request.query.n })
    })
    app.use('/hooks', router.post('/:tenant', receive))
    await over(app, async ({ url }) => {
      const at = `${new URL(url).origin}/hooks/acme?n=7`
      const { status, headers, body } = await send(at, delivery())
      assert.deepEqual(
        [status, headers['x-a'], JSON.parse(body)],
        [202, 'b', { id: 'evt_1', tenant: 'acme', query: '7' }],
      )
      assert.deepEqual(
        [(await send(at, delivery())).status, (await send(at, { ...delivery(), method: 'GET' })).status],
        [200, 404],
      )
    })
  })

  test('a status that is set and not sent is the answer', async () => {
    const app = express()
    let count = 0
    const receive = receiver().express((_event, _request, response) => {
      count += 1
      response.status(count === 1 ? 422 : 204)
    })
    app.post('/hook', receive)
    await over(app, async ({ send }) => {
      const statuses = [await send(delivery()), await send(delivery()), await send(delivery())].map(
        ({ status }) => status,
      )
      assert.deepEqual([statuses, count], [[422, 204, 200], 2])
    })
  })

  test('an answer that is being written is let be', async () => {
    const app = express()
    app.post(
      '/hook',
      receiver().express(async (_event, _request, response) => {
        response.write('one ')
        setTimeout(() => response.end('two'), 20)
      }),
    )
    await over(app, async ({ send }) => {
      const { status, body } = await send(delivery())
      assert.deepEqual([status, body], [200, 'one two'])
    })
  })

  for (const [version, make] of [
    ['5', express],
    ['4', express4],
  ]) {
    for (const [parser, type] of [
      ['json', 'application/json'],
      ['urlencoded', 'application/x-www-form-urlencoded'],
    ]) {
      test(`a body that ${parser} of express ${version} took is missed loudly`, async () => {
        const app = make()
        app.use(make[parser]({ extended: true }))
        app.post(
          '/hook',
          receiver().express(() => assert.fail('it was not verified')),
        )
        const errors = caught(app)
        await over(app, async ({ send }) => {
          const { body, headers } = delivery()
          const typed = [['Content-Type', type], ...headers.slice(1)]
          assert.equal((await send({ method: 'POST', body, headers: typed })).status, 500)
          const unsigned = await send({ method: 'POST', body, headers: [['Content-Type', type]] })
          assert.deepEqual([unsigned.status, unsigned.body], [401, 'missing_signature'])
        })
        const [error, ...more] = errors
        assert.ok(error instanceof InvalidRequestError)
        assert.equal(more.length, 0)
        assert.match(error.message, /register the receiver before express\.json\(\)/)
        assert.match(error.message, /express\.raw\(\{ type: \(\) => true, limit: '1mb' \}\)/)
        assert.match(error.message, /express\.json\(\{ verify: .* request\.rawBody = bytes/)
        assert.ok(!inspect(error).includes('message.received'))
      })

      test(`a parser of express ${version} that comes later leaves the body, ${parser}`, async () => {
        const app = make()
        app.post(
          '/hook',
          receiver().express(() => {}),
        )
        app.use(make[parser]({ extended: true }))
        app.post('/other', (request, response) => response.json(request.body))
        await over(app, async ({ url, send: deliver }) => {
          assert.equal((await deliver(delivery())).status, 200)
          const other = {
            method: 'POST',
            body: Buffer.from('{"a":1}'),
            headers: [['Content-Type', 'application/json']],
          }
          const { status } = await send(`${new URL(url).origin}/other`, other)
          assert.equal(status, 200)
        })
      })
    }

    test(`a body of another type, or none, is no parser’s in express ${version}`, async () => {
      const events = []
      const app = make()
      app.use(make.json())
      app.post(
        '/hook',
        receiver().express((event) => events.push(event)),
      )
      const errors = caught(app)
      await over(app, async ({ send }) => {
        const { body } = delivery()
        for (const bytes of [body, Buffer.alloc(0)]) {
          const given = { method: 'POST', body: bytes, headers: [['Content-Type', 'text/plain'], ...signed(bytes)] }
          assert.deepEqual([(await send(given)).status, errors], [200, []])
        }
      })
      assert.deepEqual(
        events.map((event) => Buffer.from(event.bytes())),
        [delivery().body, Buffer.alloc(0)],
      )
    })

    test(`what is thrown is a failure in express ${version}, and no other route answers`, async () => {
      const own = new Error('the database is away')
      const foreign = runInNewContext("new TypeError('of another realm')")
      const thrown = [undefined, null, 0, '', 'route', 'router', own, foreign]
      const outcomes = [...thrown]
      const app = make()
      const receive = receiver().express(async () => {
        throw outcomes.shift()
      })
      const another = (_request, response) => response.send('another route')
      app.use(make.Router().post('/hook', receive, another).post('/hook', another))
      app.post('/hook', another)
      const errors = caught(app)
      await over(app, async ({ send }) => {
        for (const what of thrown) assert.equal((await send(delivery())).status, 500, inspect(what))
      })
      assert.deepEqual([outcomes.length, errors.length], [0, thrown.length])
      for (const [at, error] of errors.slice(0, -2).entries()) {
        assert.equal(error.message, 'the handler of a webhook failed')
        assert.ok(Object.hasOwn(error, 'cause'))
        assert.equal(error.cause, thrown[at])
      }
      assert.equal(errors.at(-2), own)
      assert.equal(errors.at(-1), foreign)
    })

    test(`a text of another charset is missed loudly in express ${version}`, async () => {
      const app = make()
      app.use(make.text({ type: () => true }))
      app.post(
        '/hook',
        receiver().express(() => {}),
      )
      const errors = caught(app)
      const post = (type, headers) => send(url, { method: 'POST', body, headers: [['Content-Type', type], ...headers] })
      const { body, headers } = delivery()
      let url
      await over(app, async (front) => {
        url = front.url
        for (const type of [
          'text/plain; charset=latin1',
          'text/plain;x=y;Charset="ISO-8859-1"',
          'a/b; charset=utf-16le',
        ]) {
          assert.equal((await post(type, headers.slice(1))).status, 500, type)
          const unsigned = await post(type, [])
          assert.deepEqual([unsigned.status, unsigned.body], [401, 'missing_signature'])
        }
        for (const type of [
          'text/plain; charset=utf-8',
          'text/plain;charset="UTF-8"',
          'a/b; charset=utf8; x=y',
          'a/b',
        ]) {
          assert.equal((await post(type, headers.slice(1))).status, 200, type)
        }
      })
      assert.equal(errors.length, 3)
      for (const error of errors) {
        assert.ok(error instanceof InvalidRequestError)
        assert.match(error.message, /another charset than UTF-8.*express\.raw\(.*instead of express\.text\(\)/)
      }
    })

    test(`a request that is decoded as anything but UTF-8 is missed loudly in express ${version}`, async () => {
      const app = make()
      app.post(
        '/hook/:encoding',
        (request, _response, next) => {
          request.setEncoding(request.params.encoding)
          next()
        },
        receiver().express(() => {}),
      )
      const errors = caught(app)
      await over(app, async ({ url }) => {
        for (const encoding of ['latin1', 'hex', 'utf16le']) {
          assert.equal((await send(`${url}/${encoding}`, delivery())).status, 500, encoding)
          const { status } = await send(`${url}/${encoding}`, { ...delivery(), headers: [] })
          assert.equal(status, 401)
        }
        for (const encoding of ['utf8', 'UTF-8']) {
          assert.equal((await send(`${url}/${encoding}`, delivery())).status, 200, encoding)
        }
      })
      assert.equal(errors.length, 3)
      for (const error of errors) {
        assert.ok(error instanceof InvalidRequestError)
        assert.match(error.message, /setEncoding\(\)/)
      }
    })
  }

  test('a body that ends too early is refused', async () => {
    const app = express()
    const responses = []
    const receive = receiver().express(() => assert.fail('it did not come whole'))
    app.post('/hook', (request, response, next) => {
      responses.push(response)
      return receive(request, response, next)
    })
    const errors = caught(app)
    await over(app, async ({ url }) => {
      const socket = sendPart(url, delivery())
      await until(() => responses.length === 1)
      socket.destroy()
      await until(() => responses[0].statusCode === 400)
    })
    assert.deepEqual(errors, [])
  })
})

describe('node:http', () => {
  test('an error is the process’s to know, and the sender comes again', async () => {
    const warnings = []
    const onWarning = (warning) => warnings.push(warning)
    process.on('warning', onWarning)
    const failure = new Error('the database is away')
    const outcomes = [failure, 'written', 'ended', undefined]
    const receive = receiver().express(async (_event, _request, response) => {
      const outcome = outcomes.shift()
      if (outcome === 'written') response.write('half an answer')
      if (outcome === 'ended') response.end('an answer')
      if (outcome) throw failure
    })
    await over(receive, async ({ send }) => {
      assert.equal((await send(delivery())).status, 500)
      await assert.rejects(send(delivery()), 'the connection ends, so that the answer is no whole one')
      assert.equal((await send(delivery())).body, 'an answer')
      assert.equal((await send(delivery())).body, '')
    })
    process.off('warning', onWarning)
    assert.deepEqual(
      warnings.map(({ name, code, cause }) => [name, code, cause]),
      Array(3).fill(['LinktorWarning', 'LINKTOR_WEBHOOK_HANDLER', failure]),
    )
    assert.match(warnings[0].detail, /^Error: the database is away\n {4}at/)
  })

  test('HTTP/2 is received too', async () => {
    const server = http2.createServer(receiver().express(() => {}))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = http2.connect(`http://127.0.0.1:${server.address().port}`)
    const post = async ({ body, headers }) => {
      const stream = session.request({ ':method': 'POST', ':path': '/', ...Object.fromEntries(headers) })
      stream.end(body)
      const [answered] = await once(stream, 'response')
      stream.resume()
      return answered[':status']
    }
    assert.equal(await post(delivery()), 200)
    assert.equal(await post({ ...delivery(), body: Buffer.from('{}') }), 401)
    session.close()
    server.close()
  })
})
