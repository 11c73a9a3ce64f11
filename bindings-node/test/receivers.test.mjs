// What holds of receivers behind every framework, and behind none: each fact once, over all of them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { ConfigError, InvalidRequestError, Receiver, Verifier, webhooks } from '@linktor/sdk'

import { delivery, FRONTS, Handler, SECRET, signed, until } from './receivers/fronts.mjs'

const times = async (n, ask) => {
  const answers = []
  for (let i = 0; i < n; i++) answers.push(await ask(i))
  return answers
}
const statuses = (answers) => answers.map(({ status }) => status)

/** Those that the process emits as `use` runs, of this SDK: one at least. */
async function warnings(use) {
  const said = []
  const onWarning = (warning) => warning.name === 'LinktorWarning' && said.push(warning)
  process.on('warning', onWarning)
  try {
    await use()
    await until(() => said.length > 0)
  } finally {
    process.off('warning', onWarning)
  }
  return said
}

/** A store over a memory, which tells what it was asked. */
class Store {
  asked = []
  #seen = new webhooks.Deduplicator()

  constructor(failing) {
    this.failing = failing
  }

  ask(name, key) {
    this.asked.push([name, key])
    if (name === this.failing) throw new Error('the store is down')
    return this.#seen[name](key)
  }
}

class Plain extends Store {
  begin = (key) => this.ask('begin', key)
  commit = (key) => this.ask('commit', key)
  release = (key) => this.ask('release', key)
}

class Async extends Store {
  async begin(key) {
    await sleep(1)
    return this.ask('begin', key)
  }

  async commit(key) {
    await sleep(1)
    return this.ask('commit', key)
  }

  async release(key) {
    await sleep(1)
    return this.ask('release', key)
  }
}

const STORES = { plain: Plain, async: Async }

for (const [name, make] of Object.entries(FRONTS)) {
  describe(`over ${name}`, () => {
    const over = async (receiver, handler, use) => {
      const front = await make(receiver, handler)
      try {
        return await use(front)
      } finally {
        await front.close()
      }
    }

    test('an event is handled once', async () => {
      const handler = new Handler()
      await over(new Receiver('linktor', SECRET), handler, async ({ send }) => {
        const given = delivery()
        const answers = await times(3, () => send(given))
        for (const { status, body } of answers) assert.deepEqual([status, body], [200, ''])
        const [event, ...more] = handler.events
        assert.deepEqual(
          [event.id, event.type, event.data(), more.length],
          ['evt_1', 'message.received', { text: 'é' }, 0],
        )
        assert.deepEqual(Buffer.from(event.bytes()), given.body)
        assert.equal((await send(delivery('evt_2'))).status, 200)
        assert.equal(handler.events.length, 2)
      })
    })

    test('an event whose handling failed is handled when it comes again', async () => {
      const failure = new Error('the database is away')
      const handler = new Handler({ outcomes: [failure, 500, 404, 302, 201] })
      await over(new Receiver('linktor', SECRET), handler, async ({ send }) => {
        const answers = await times(7, () => send(delivery()))
        assert.deepEqual(statuses(answers), [500, 500, 404, 302, 201, 200, 200])
      })
      assert.equal(handler.events.length, 5)
      assert.deepEqual(handler.errors, [failure])
    })

    test('an event without an id is always handled', async () => {
      const handler = new Handler()
      await over(new Receiver('linktor', SECRET), handler, async ({ send }) => {
        assert.deepEqual(statuses(await times(3, () => send(delivery(null)))), [200, 200, 200])
      })
      assert.equal(handler.events.length, 3)
    })

    test('of duplicates at once one is handled', async () => {
      const handler = new Handler({ wait: 200 })
      await over(new Receiver('linktor', SECRET), handler, async ({ send }) => {
        const given = delivery()
        const answers = await Promise.all(Array.from({ length: 6 }, () => send(given)))
        assert.equal(handler.events.length, 1)
        const waiting = answers.filter(({ status }) => status === 503)
        assert.ok(waiting.length > 0)
        for (const { headers, body } of waiting) assert.deepEqual([headers['retry-after'], body], ['5', ''])
        for (const { status } of answers) assert.ok(status === 200 || status === 503, status)
        assert.equal((await send(given)).status, 200)
      })
      assert.equal(handler.events.length, 1)
    })

    const refused = {
      signature_mismatch: [
        401,
        ({ body, ...rest }) => ({ ...rest, body: Buffer.from(`${body}`.replace('mess', 'mass')) }),
      ],
      missing_signature: [401, (given) => ({ ...given, headers: given.headers.slice(0, 1) })],
      malformed_signature: [
        401,
        (given) => ({ ...given, headers: given.headers.map(([n, v], at) => [n, at === 0 ? v : `${v},${v}`]) }),
      ],
      timestamp_out_of_tolerance: [401, (given) => ({ ...given, headers: signed(given.body, { timestamp: 1000 }) })],
      payload_too_large: [413, () => delivery('evt_1', 'x'.repeat(2000))],
    }
    test('what is refused meets no handler', async () => {
      const handler = new Handler()
      await over(new Receiver('linktor', SECRET, { sizeLimit: 1000 }), handler, async ({ send }) => {
        for (const [code, [status, change]] of Object.entries(refused)) {
          const given = delivery()
          const answer = await send(change(given))
          assert.deepEqual([answer.status, answer.body], [status, code])
          assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
        }
        assert.equal(handler.events.length, 0)
        assert.equal((await send(delivery())).status, 200, 'what was refused claims nothing')
      })
      assert.deepEqual(handler.errors, [])
    })

    test('a signature that is there twice is refused', async (t) => {
      if (name === 'lambda, load balancer') return t.skip('the load balancer passes the last one on')
      const handler = new Handler()
      await over(new Receiver('linktor', SECRET), handler, async ({ send }) => {
        const given = delivery()
        for (const twice of given.headers.slice(1)) {
          const answer = await send({ ...given, headers: [...given.headers, twice] })
          assert.deepEqual([answer.status, answer.body], [401, 'malformed_signature'])
        }
      })
      assert.equal(handler.events.length, 0)
    })

    test('only a post delivers', async (t) => {
      if (name === 'nothing') return t.skip('it is told no method')
      const handler = new Handler()
      await over(new Receiver('linktor', SECRET), handler, async ({ send }) => {
        for (const method of ['GET', 'PUT']) {
          const { status, headers } = await send({ ...delivery(), method })
          // Fastify has no such route: another may be the user's own.
          assert.deepEqual([status, headers.allow], name === 'fastify' ? [404, undefined] : [405, 'POST'])
        }
      })
      assert.equal(handler.events.length, 0)
    })

    test('an id that nobody signed silences no other event', async () => {
      const handler = new Handler()
      await over(new Receiver('x_hub_signature_256', SECRET), handler, async ({ send }) => {
        for (const [id, text] of [
          ['one', '{}'],
          ['two', '{}'],
          ['two', '[]'],
          ['two', '[]'],
        ]) {
          const headers = Object.entries(webhooks.sign('x_hub_signature_256', text, SECRET))
          const answer = await send({
            method: 'POST',
            body: Buffer.from(text),
            headers: [...headers, ['X-GitHub-Delivery', id]],
          })
          assert.equal(answer.status, 200)
        }
      })
      assert.deepEqual(
        handler.events.map((event) => `${Buffer.from(event.bytes())}`),
        ['{}', '{}', '[]'],
      )
    })

    for (const [kind, Own] of Object.entries(STORES)) {
      test(`a deduplicator of one's own is asked, ${kind}`, async () => {
        const deduplicator = new Own()
        const handler = new Handler({ outcomes: [503] })
        await over(new Receiver('linktor', SECRET, { deduplicator }), handler, async ({ send }) => {
          assert.equal((await send(delivery())).status, 503)
          // What answers by itself does so before its claim ends.
          await until(() => deduplicator.asked.length === 2)
          assert.deepEqual(statuses(await times(2, () => send(delivery()))), [200, 200])
        })
        const asked = ['begin', 'release', 'begin', 'commit', 'begin']
        assert.deepEqual(
          deduplicator.asked,
          asked.map((one) => [one, 'evt_1']),
        )
        assert.equal(handler.events.length, 2)
      })

      test(`a deduplicator that fails loses no event, ${kind}`, async () => {
        const handler = new Handler()
        const receiver = new Receiver('linktor', SECRET, { deduplicator: new Own('begin') })
        const [warning, ...more] = await warnings(() =>
          over(receiver, handler, async ({ send }) => {
            const { status, headers, body } = await send(delivery())
            assert.deepEqual([status, headers['retry-after'], body], [503, '5', ''])
          }),
        )
        assert.equal(warning.code, 'LINKTOR_WEBHOOK_DEDUPLICATOR')
        assert.match(warning.message, /the sender is asked to deliver again/)
        assert.equal(warning.cause.message, 'the store is down')
        assert.ok(!`${warning.message}${warning.detail}`.includes(SECRET))
        assert.deepEqual([more, handler.events, handler.errors], [[], [], []])
      })

      for (const [failing, outcome] of [
        ['commit', 201],
        ['release', 410],
      ]) {
        test(`a ${failing} that fails is told and changes no answer, ${kind}`, async () => {
          const receiver = new Receiver('linktor', SECRET, { deduplicator: new Own(failing) })
          const [warning, ...more] = await warnings(() =>
            over(receiver, new Handler({ outcomes: [outcome] }), async ({ send }) => {
              assert.equal((await send(delivery())).status, outcome)
            }),
          )
          assert.deepEqual([warning.code, more.length], ['LINKTOR_WEBHOOK_DEDUPLICATOR', 0])
          assert.match(warning.message, /the answer is the handler's nevertheless/)
        })
      }
    }
  })
}

const BODY = delivery().body
const HEADERS = Object.fromEntries(delivery().headers)
const handled = (receiver) => receiver.handle(BODY, HEADERS, () => {})

test('a begin that says something else is told', async () => {
  for (const begun of [undefined, null, true, 'NEW', '', 1, '\ud800', {}]) {
    const asked = []
    const end = (key) => asked.push(key)
    const receiver = new Receiver('linktor', SECRET, {
      deduplicator: { begin: () => begun, commit: end, release: end },
    })
    const [warning] = await warnings(async () => {
      const answer = await receiver.handle(BODY, HEADERS, () => assert.fail('it is not new'))
      assert.deepEqual(answer, { status: 503, headers: { 'retry-after': '5' }, body: '' })
    })
    assert.match(warning.cause.message, /begin must return new, in_progress or done/)
    assert.deepEqual(asked, [])
  }
})

test('what a store throws may be anything', async () => {
  for (const thrown of [undefined, 'down', Object.create(null), { toString: () => assert.fail() }]) {
    const deduplicator = new Plain()
    deduplicator.begin = () => {
      throw thrown
    }
    const [warning] = await warnings(async () => {
      assert.equal((await handled(new Receiver('linktor', SECRET, { deduplicator }))).status, 503)
    })
    assert.equal(warning.cause, thrown)
  }
})

test('what a handler answers with decides in no framework', async () => {
  const receiver = new Receiver('linktor', SECRET)
  for (const status of ['200', null, 99, 70_000, -1, 1e30, Number.NaN, 199.9]) {
    const answer = await receiver.handle(BODY, HEADERS, () => ({ status }))
    assert.equal(answer.status, status)
  }
  await assert.rejects(
    receiver.handle(BODY, HEADERS, () => 'ok'),
    TypeError,
  )
  const own = await receiver.handle(BODY, HEADERS, async () => ({
    status: 202,
    headers: { 'x-a': 'b' },
    body: 'later',
  }))
  assert.deepEqual(own, { status: 202, headers: { 'x-a': 'b' }, body: 'later' })
  assert.deepEqual(await handled(receiver), { status: 200, headers: {}, body: '' })
  await receiver.handle(BODY, HEADERS, () => assert.fail('it is done'))
})

test('what is no delivery is an error of the program', async () => {
  const receiver = new Receiver('linktor', SECRET)
  await assert.rejects(
    receiver.handle({ id: 'evt_1' }, HEADERS, () => {}),
    (error) => {
      assert.ok(error instanceof InvalidRequestError)
      return /parsed object.*express\.raw/.test(error.message)
    },
  )
  await assert.rejects(
    receiver.handle(BODY, 1, () => {}),
    InvalidRequestError,
  )
})

test('a receiver has its verifier or makes it', async () => {
  const verifier = new Verifier('linktor', SECRET, { tolerance: 240_000 })
  assert.equal((await handled(new Receiver(verifier))).status, 200)
  for (const more of [
    [{ tolerance: 1 }],
    [SECRET],
    [{}, {}],
    [null],
    [{ deduplicator: undefined }, { sizeLimit: 1 }],
  ]) {
    assert.throws(() => new Receiver(verifier, ...more), ConfigError)
  }
  for (const given of [['linktr', SECRET], ['linktor', ''], ['linktor'], ['linktor', SECRET, { tolerence: 1 }], []]) {
    assert.throws(() => new Receiver(...given), ConfigError)
  }
  assert.throws(() => new Receiver('linktor', undefined), /the webhook secret is undefined: is the variable/)
  const late = new Receiver('linktor', SECRET, { now: Date.now() + 10_000_000, tolerance: 240_000 })
  assert.equal((await handled(late)).body, 'timestamp_out_of_tolerance')
})

test('what is no deduplicator is refused when the receiver is made', () => {
  const half = { begin() {}, release() {}, commit: 'not a method' }
  for (const [deduplicator, said] of [
    [webhooks.Deduplicator, /not the class or function Deduplicator: make one, new Deduplicator\(…\)$/],
    [Plain, /Plain: make one/],
    [half, /begin, commit and release: it has no commit$/],
    [{}, /no begin and no commit and no release$/],
    [null, /no begin/],
    [false, /no begin/],
  ]) {
    const made = () => new Receiver('linktor', SECRET, { deduplicator })
    assert.throws(made, (error) => error instanceof ConfigError && said.test(error.message))
  }
})

test('why a delivery was refused is said to whoever debugs', () => {
  const program = `
    import { Receiver } from '@linktor/sdk'
    const receiver = new Receiver('linktor', '${SECRET}')
    await receiver.handle('{"a":"private"}', {}, () => {})
    console.log(receiver)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_DEBUG: 'linktor' },
    encoding: 'utf8',
  })
  assert.match(stderr, /^LINKTOR \d+: webhook delivery refused: missing_signature\n$/)
  assert.equal(stdout, 'Receiver {}\n')
})

test('two receivers do not share what they know', async () => {
  for (const [options, expected] of [
    [{}, 2],
    [{ deduplicator: new webhooks.Deduplicator() }, 1],
  ]) {
    let count = 0
    for (let i = 0; i < 2; i++) {
      await new Receiver('linktor', SECRET, options).handle(BODY, HEADERS, () => {
        count += 1
      })
    }
    assert.equal(count, expected)
  }
})

test('an event whose id is not signed is known by its body too', async () => {
  const deduplicator = new Plain()
  const headers = { ...webhooks.sign('x_hub_signature_256', '{}', SECRET), 'X-GitHub-Delivery': 'one' }
  await new Receiver('x_hub_signature_256', SECRET, { deduplicator }).handle('{}', headers, () => {})
  const key = `one ${createHash('sha256').update('{}').digest('hex')}`
  assert.deepEqual(deduplicator.asked, [
    ['begin', key],
    ['commit', key],
  ])
})
