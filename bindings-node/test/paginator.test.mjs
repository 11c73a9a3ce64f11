import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ConfigError, InvalidRequestError, NotFoundError } from '@linktor/sdk'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()

const page = (number, count = 3) => ({
  json: {
    success: true,
    data: [{ name: `ä ${number}a` }, { name: `b ${number}` }],
    meta: { page: number, total_pages: count, has_next: number < count, note: '👋' },
  },
})

const asked = async () => (await sandbox.journal()).map(({ query }) => query)

async function collected(iterable) {
  const items = []
  for await (const item of iterable) items.push(item)
  return items
}

test('items of all pages come one after the other', async () => {
  await sandbox.script(page(1), page(2), page(3))
  const contacts = sandbox.client().paginate('/contacts', { query: { search: 'ada' } })
  const names = ['ä 1a', 'b 1', 'ä 2a', 'b 2', 'ä 3a', 'b 3']
  assert.deepEqual(
    (await collected(contacts)).map(({ name }) => name),
    names,
  )
  assert.deepEqual(await asked(), ['search=ada&page=1', 'search=ada&page=2', 'search=ada&page=3'])
})

test('a page is asked for when its first item is', async () => {
  await sandbox.script(page(1), page(2))
  const contacts = sandbox.client().paginate('/contacts')
  assert.deepEqual(await asked(), [])
  let seen = 0
  for await (const _ of contacts) {
    assert.equal((await asked()).length, ++seen <= 2 ? 1 : 2)
    if (seen === 3) break
  }
  assert.equal((await asked()).length, 2)
})

test('leaving the loop leaves the rest unasked', async () => {
  await sandbox.script(page(1), page(2))
  for await (const { name } of sandbox.client().paginate('/contacts')) if (name === 'b 1') break
  assert.deepEqual(await asked(), ['page=1'])
})

test('pages have their items, their answer and the number of the next', async () => {
  await sandbox.script(page(1, 2), page(2, 2))
  const pages = await collected(sandbox.client().paginate('/contacts').pages())
  assert.deepEqual(
    pages.map(({ items, next, response }) => [items.length, next, response.status]),
    [
      [2, 2, 200],
      [2, undefined, 200],
    ],
  )
  assert.deepEqual(pages[0].response.data(), pages[0].items)
})

test('a list that is null is one page without items', async () => {
  const contacts = sandbox.client().paginate('/contacts')
  assert.deepEqual(await collected(contacts), [])
  const [{ items, next }] = await collected(contacts.pages())
  assert.deepEqual({ items, next }, { items: [], next: undefined })
})

test('iterating again begins anew', async () => {
  await sandbox.script(page(1, 1), page(1, 1))
  const contacts = sandbox.client().paginate('/contacts')
  assert.deepEqual(await collected(contacts), await collected(contacts))
  assert.deepEqual(await asked(), ['page=1', 'page=1'])
})

test('options are read once, and hold for every page', async () => {
  await sandbox.script(page(1), page(2), page(3))
  const pair = ['X-A', '1']
  const given = { query: { search: 'ada' }, headers: [pair].values(), pathParams: { list: 'contacts' } }
  for await (const _ of sandbox.client().paginate('/{list}', given)) {
    given.query.search = 'bo'
    given.pathParams.list = 'users'
    pair[1] = '2'
  }
  const entries = await sandbox.journal()
  assert.deepEqual(
    entries.map(({ path, query, headers }) => [path, query, new Map(headers).get('x-a')]),
    [1, 2, 3].map((number) => ['/api/v1/contacts', `search=ada&page=${number}`, '1']),
  )
})

test('a handle reads pages as itself', async () => {
  await sandbox.script({ json: { data: [1] } })
  const handle = sandbox.client('linkit').withOrganization('org_1')
  assert.deepEqual(await collected(handle.paginate('/customers')), [1])
  const [{ headers }] = await sandbox.journal()
  assert.equal(new Map(headers).get('x-organization-id'), 'org_1')
})

test('a signal ends the iteration between two items', async () => {
  await sandbox.script(page(1), page(2))
  const controller = new AbortController()
  const reason = new Error('changed my mind')
  const seen = []
  const read = async () => {
    for await (const { name } of sandbox.client().paginate('/contacts', { signal: controller.signal })) {
      seen.push(name)
      controller.abort(reason)
    }
  }
  assert.equal(await rejection(read()), reason)
  assert.deepEqual(seen, ['ä 1a'])
  assert.deepEqual(await asked(), ['page=1'])
})

test('a signal ends the wait for a page at once', async () => {
  await sandbox.script(page(1), { delay_ms: 10_000 })
  const controller = new AbortController()
  const reading = rejection(collected(sandbox.client().paginate('/contacts', { signal: controller.signal })))
  await sandbox.journalWhen((entries) => entries.length === 2)
  const began = performance.now()
  controller.abort()
  assert.equal((await reading).name, 'AbortError')
  assert.ok(performance.now() - began < 50)
  await sandbox.journalWhen(([, entry]) => entry.aborted)
})

test('an error ends the iteration after the items before it', async () => {
  await sandbox.script(page(1), { status: 404 })
  const seen = []
  const read = async () => {
    for await (const { name } of sandbox.client().paginate('/contacts')) seen.push(name)
  }
  const error = await rejection(read())
  assert.ok(error instanceof NotFoundError)
  assert.match(error.stack, /paginator\.test\.mjs/)
  assert.deepEqual(seen, ['ä 1a', 'b 1'])
})

test('a list that cannot be asked for is refused before anything is sent', async () => {
  const client = sandbox.client()
  for (const options of [null, 'text', { json: {} }, { pageSize: 5 }, { query: { a: {} } }]) {
    assert.throws(() => client.paginate('/contacts', options), InvalidRequestError)
  }
  assert.throws(() => client.paginate('/contacts', { timeout: '5s' }), ConfigError)
  for (const [path, options] of [
    [undefined, {}],
    ['/contacts', { query: { page: 0 } }],
    ['/contacts', { organizationId: 1n }],
    ['/contacts', { signal: {} }],
  ]) {
    const error = await rejection(collected(client.paginate(path, options)))
    assert.ok(error instanceof InvalidRequestError, `${error}`)
  }
  assert.deepEqual(await sandbox.journal(), [])
})
