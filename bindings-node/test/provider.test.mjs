// Providers of one's own: what they take, what they are, and where they are taken.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import vm from 'node:vm'

import { APIClient, APIError, ConfigError, LibromiConnect, Linkit, Linktor, Provider, webhooks } from '@linktor/sdk'

import { rejection, root, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const sixth = readFileSync(join(root, 'examples', 'rust', 'sixth_api.json'))
const parcels = Provider.from(sixth)
const own = (fields) => new Provider({ name: 'mine', credentials: ['api_key'], ...fields })

function refused(make, place) {
  assert.throws(make, (error) => {
    assert.ok(error instanceof ConfigError, error)
    assert.deepEqual([error.kind, error.attempts], ['config', 0])
    assert.ok(error.message.includes(place), `${error.message} does not name ${place}`)
    return true
  })
}

test('text, bytes, parsed JSON and a provider make the same provider', () => {
  const text = sixth.toString()
  const foreign = vm.runInNewContext(`(${text})`)
  for (const given of [text, new Uint8Array(sixth), Buffer.from(`\uFEFF${text}`), JSON.parse(text), foreign, parcels]) {
    assert.deepEqual(Provider.from(given), parcels)
  }
  for (const given of [JSON.parse(text), { ...JSON.parse(text), base_url: undefined }, parcels.document, parcels]) {
    assert.deepEqual(new Provider(given), parcels)
  }
})

const LOGIN = { session: { token: 'parcel-token', seconds: 600 }, depot: 'north', clerk: { email: 'c@example.com' } }

for (const [what, provider] of [
  ['a Provider', parcels],
  ['a document', JSON.parse(sixth)],
]) {
  test(`a client speaks as ${what} says`, async () => {
    await sandbox.script(
      { json: LOGIN },
      { json: { name: 'Clerk' } },
      { json: { data: ['P-1', 'P-2'], more: true } },
      { status: 401, json: { fault: 'SESSION_OVER', reason: 'log in again' } },
      { json: LOGIN },
      { json: { data: ['P-3'], more: false } },
      { status: 404, json: { fault: 'NO_SUCH_PARCEL', reason: 'it is lost' } },
    )
    const baseUrl = sandbox.base_urls.linktor
    const client = new Linktor({ provider, baseUrl, email: 'clerk@example.com', password: 'invented' })
    assert.deepEqual((await client.auth.test()).data, { name: 'Clerk' })
    const { organization, user } = client.auth.session()
    assert.deepEqual([organization, user], ['north', { email: 'c@example.com' }])
    const found = []
    for await (const parcel of client.paginate('/parcels', { query: { n: 80 } })) found.push(parcel)
    assert.deepEqual(found, ['P-1', 'P-2', 'P-3'])
    const error = await rejection(client.get('/lost'))
    assert.ok(error instanceof APIError)
    assert.deepEqual([error.code, error.message.includes('it is lost')], ['NO_SUCH_PARCEL', true])

    const entries = await sandbox.journal()
    const page = (number) => `parcels?n=50&p=${number}`
    assert.deepEqual(
      entries.map(({ path, query }) => `${path.split('/').pop()}?${query ?? ''}`),
      ['login?', 'whoami?', page(1), page(2), 'login?', page(2), 'lost?'],
    )
    const sent = new Map(entries.at(-1).headers)
    assert.deepEqual([sent.get('authorization'), sent.get('x-depot')], ['Bearer parcel-token', 'north'])
    assert.ok(sent.has('x-trace'))
    assert.equal(inspect(client), "Linktor { provider: 'parcels' }")
  })
}

for (const family of ['linktor', 'linkit', 'libromi', 'api_v1', 'api_v2']) {
  test(`${family} is data too`, async () => {
    const provider = Provider.named(family)
    assert.equal(provider.name, family)
    assert.equal(inspect(provider), `Provider { name: '${family}' }`)
    assert.deepEqual(Provider.from(JSON.stringify(provider)), provider)
    assert.equal(JSON.stringify(Provider.from(provider.document)), JSON.stringify(provider))
    assert.ok((await sandbox.client(family, { provider }).auth.test()).valid)
  })
}

test('what is left out has its default', () => {
  const { document } = own()
  assert.deepEqual(
    own({ base_url: null, webhook: null, paging: {}, headers: { fixed: {} }, refreshable: 'never' }),
    own(),
  )
  assert.deepEqual(document.paging.items, ['/data', ''])
  assert.deepEqual(document.auth.grant.access_token, ['/access_token'])
  const { oauth } = own({ auth: { oauth: {} } }).document.auth
  assert.deepEqual(oauth, { authorize: '/oauth/authorize', token: '/oauth/token' })
  assert.deepEqual(['base_url' in document, 'webhook' in document], [false, false])
})

test('a replaced field is another, and the rest stays', () => {
  const family = Provider.named('api_v1')
  const changes = { base_url: 'https://api.example.org/v1', paging: { max_size: 10 }, webhook: null, rate: undefined }
  const { document } = family.replace(changes)
  const changed = Object.keys(family.document).filter((name) => !same(document[name], family.document[name]))
  assert.deepEqual(changed, ['base_url', 'paging', 'webhook'])
  assert.deepEqual(document.paging.total, [])
  const spread = family.replace({ paging: { ...family.document.paging, max_size: 50 } })
  assert.deepEqual([spread.document.paging.max_size, spread.document.paging.total], [50, ['/pagination/total']])
  assert.deepEqual([family.replace({}), family.replace({ name: 'mine' }).name], [family, 'mine'])
})

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)

test('it is a value that nobody changes', () => {
  const twin = Provider.from(JSON.stringify(parcels))
  assert.deepEqual(twin, parcels)
  const [one, other] = [{ limit: 1, window: 60 }, JSON.parse('{"window": 60.0, "limit": 1, "class": null}')]
  assert.deepEqual(own({ rate: { tiers: { a: [one] } } }), own({ rate: { tiers: { a: [other] } } }))
  assert.notDeepEqual(parcels.replace({ name: 'other' }), parcels)
  for (const change of [
    () => Object.assign(parcels, { document: twin.document }),
    () => Object.assign(parcels, { name: 'other' }),
    () => Object.assign(parcels.document, { name: 'other' }),
    () => Object.assign(parcels.document.paging, { max_size: 1 }),
    () => parcels.document.paging.items.push('/more'),
  ]) {
    assert.throws(change, TypeError)
  }
  assert.deepEqual(twin, parcels)

  const fields = { name: 'mine', credentials: ['api_key'] }
  const provider = new Provider(fields)
  fields.credentials.push('bearer')
  assert.deepEqual(provider.document.credentials, ['api_key'])
})

const within = { items: [] }
within.items.push(within)
const deep = Array.from({ length: 100_000 }).reduce((inner) => [inner], [])

const UNWRITTEN = 'cannot be written as JSON: it is'
const WRONG = [
  [{ pagging: {} }, 'pagging'],
  [{ paging: { max_siz: 10 } }, 'paging.max_siz'],
  [{ paging: { max_size: '10' } }, 'paging.max_size: '],
  [{ paging: { max_size: 1.5 } }, 'paging.max_size: '],
  [{ paging: { max_size: true } }, 'paging.max_size: '],
  [{ paging: { max_size: -1 } }, 'paging.max_size: '],
  [{ paging: { max_size: 1e300 } }, 'paging.max_size: '],
  [{ paging: { max_size: 0 } }, 'max_size'],
  [{ paging: { max_size: NaN } }, `paging.max_size ${UNWRITTEN} NaN`],
  [{ paging: { max_size: Infinity } }, `paging.max_size ${UNWRITTEN} a number`],
  [{ paging: { max_size: 10n } }, `paging.max_size ${UNWRITTEN} a bigint`],
  [{ paging: { max_size: new Number(10) } }, `paging.max_size ${UNWRITTEN} an object of a class`],
  [{ paging: { items: [new Uint8Array(1)] } }, `paging.items[0] ${UNWRITTEN} an object of a class`],
  [{ paging: { items: ['/a', undefined] } }, `paging.items[1] ${UNWRITTEN} undefined`],
  [{ paging: { items: new Array(2 ** 32 - 1) } }, `paging.items[0] ${UNWRITTEN} undefined`],
  [{ paging: { items: () => ['/a'] } }, `paging.items ${UNWRITTEN} a function`],
  [{ paging: { items: '/data' } }, 'paging.items: '],
  [{ paging: { items: ['data'] } }, 'paging.items '],
  [{ paging: { items: [null] } }, 'paging.items[0]: '],
  [{ paging: ['p', 'n'] }, 'paging: a list'],
  [{ paging: null }, 'paging: '],
  [{ paging: new Map([['max_size', 5]]) }, `paging ${UNWRITTEN} an object of a class`],
  [{ paging: { toJSON: () => ({}) } }, `paging.toJSON ${UNWRITTEN} a function`],
  [{ paging: within }, 'paging.items[0].items[0]'],
  [{ paging: deep }, 'paging[0][0]'],
  [{ name: Symbol('mine') }, `name ${UNWRITTEN} a symbol`],
  [{ name: '\ud800' }, 'name is a text that UTF-8 cannot write'],
  [{ name: 'my api' }, 'name must be'],
  [{ name: null }, 'name: '],
  [{ name: undefined }, 'missing field `name`'],
  [{ base_url: 1 }, 'base_url: '],
  [{ base_url: new URL('https://api.example.org') }, `base_url ${UNWRITTEN} an object of a class`],
  [{ credentials: ['cookie'] }, 'credentials[0]: '],
  [{ credentials: new Set(['api_key']) }, `credentials ${UNWRITTEN} an object of a class`],
  [{ credentials: ['password'] }, 'auth.login'],
  [{ headers: { token: 'Basic' } }, 'headers.token: '],
  [{ headers: { fixed: { 'x-a': 1 } } }, 'headers.fixed.x-a: '],
  [{ refreshable: { code: [] } }, 'refreshable'],
  [{ auth: { test: {} } }, 'auth.test: missing field `path`'],
  [{ auth: { test: { path: '/me', query: { a: 'b' } } } }, 'auth.test.query: '],
  [{ unsafe_routes: [{ path: '/a' }, ['GET', '/b']] }, 'unsafe_routes[1]: a list'],
  [{ unsafe_routes: [{ path: 'a' }] }, 'unsafe_routes'],
  [{ rate: { tiers: { free: [{ limit: 1, window: '1m' }] } } }, 'rate.tiers.free[0].window: '],
  [{ rate: { tiers: { free: [{ limit: 1, window: 0 }] } } }, 'rate.tiers: `free`'],
  [{ rate: { default_tier: { named: 'free' } } }, 'rate.default_tier'],
  [{ webhook: { signature: { kind: 'hmac' } } }, 'webhook.signature: missing field `header`'],
  [{ webhook: { signature: { kind: 'hmac', header: 'a b' } } }, 'a b'],
  [{ webhook: 'linktor' }, 'webhook: '],
  [JSON.parse('{"__proto__": {"max_size": 5}}'), '__proto__'],
]

test('what cannot be is refused by its place, by a client too', () => {
  for (const [wrong, place] of WRONG) {
    const fields = { name: 'mine', credentials: ['api_key'], ...wrong }
    refused(() => new Provider(fields), place)
    refused(() => Provider.from(fields), place)
    refused(() => new Linktor({ apiKey: 'key-1', provider: fields }), place)
  }
})

test('what is no document is refused', () => {
  const notText = ['', 'parcels', '[]', 'null', '{', '\ud800', '{"a": 1} x', Buffer.from('ff', 'hex')]
  const values = [
    undefined,
    null,
    1,
    1n,
    true,
    [],
    [{}],
    new Map(),
    new Date(),
    Symbol('a'),
    () => ({}),
    new URL('a:b'),
  ]
  const fake = Object.create(Provider.prototype)
  for (const given of [...notText, ...values, {}, fake]) refused(() => Provider.from(given), 'provider')
  for (const given of [...values, 'linkit', {}, fake]) refused(() => new Provider(given), 'provider')
  for (const given of [...values.slice(1), {}, fake, 'linctor', '']) {
    refused(() => new Linktor({ apiKey: 'key-1', provider: given }), 'provider')
  }
  for (const changes of [undefined, null, 7, [], new Map(), () => ({})]) {
    refused(() => parcels.replace(changes), 'provider')
  }
  refused(() => new Provider(Object.create({ name: 'mine', credentials: [] })), 'an object of a class')
  assert.equal(own(Object.assign(Object.create(null), { name: 'other' })).name, 'other')
})

test('there is no other family', () => {
  for (const name of ['', 'parcels', '\ud800', undefined, null, 7, ['linktor'], Symbol('linktor')]) {
    refused(() => Provider.named(name), 'provider')
  }
})

test('a preset takes none', () => {
  for (const provider of [parcels, Provider.named('linkit')]) {
    for (const Preset of [Linkit, LibromiConnect, APIClient]) {
      refused(() => new Preset({ apiKey: 'key-1', provider }), Preset.name)
    }
  }
})

test('its deliveries are verified', () => {
  const webhook = { signature: { kind: 'hmac', header: 'X-Sign' }, event: { id: ['/delivery'] } }
  const provider = own({ webhook })
  const headers = webhooks.sign(provider, '{"delivery": "d-1"}', 'invented')
  assert.deepEqual(Object.keys(headers), ['X-Sign'])
  for (const scheme of [provider, provider.document, { name: 'a', credentials: [], webhook }]) {
    assert.equal(webhooks.verify(scheme, '{"delivery": "d-1"}', headers, 'invented').id, 'd-1')
    webhooks.verifySignature(scheme, '{"delivery": "d-1"}', headers, 'invented')
  }
  const [libromi, named] = [Provider.named('libromi'), 'libromi'].map((scheme) => webhooks.sign(scheme, '{}', 'a'))
  assert.deepEqual(libromi, named)
  for (const silent of [parcels, Provider.named('linkit')]) {
    refused(() => new webhooks.Verifier(silent, 'invented'), silent.name)
  }
})

/** The interfaces of the declarations, by the place of a document that they are the type of. */
const TYPES = {
  ProviderDocument: [],
  ProviderEnvironment: ['environment'],
  ProviderHeaders: ['headers'],
  ProviderAuth: ['auth'],
  ProviderOAuth: ['auth', 'oauth'],
  ProviderTest: ['auth', 'test'],
  ProviderGrant: ['auth', 'grant'],
  ProviderRoute: ['unsafe_routes', 0],
  ProviderRate: ['rate'],
  ProviderRateClass: ['rate', 'classes', 0],
  ProviderLimit: ['rate', 'tiers', 'free', 0],
  ProviderPaging: ['paging'],
  ProviderEnvelope: ['envelope'],
  ProviderErrors: ['errors'],
}

test('the types have the fields of the core', () => {
  const declarations = readFileSync(join(root, 'bindings-node', 'dist', 'provider.d.ts'), 'utf8')
  for (const [name, place] of Object.entries(TYPES)) {
    const body = declarations.split(`export interface ${name} {`)[1].split('\n}')[0]
    const declared = [...body.matchAll(/^ {4}readonly (\w+)/gm)].map(([, field]) => field)
    const unknown = place.reduceRight((inner, at) => (at === 0 ? [inner] : { [at]: inner }), { '?': 1 })
    assert.throws(
      () => own(unknown),
      ({ message }) => {
        const fields = [...message.split('unknown field `?`')[1].matchAll(/`([a-z_]+)`/g)].map(([, field]) => field)
        assert.deepEqual(declared.sort(), fields.sort(), name)
        return true
      },
    )
  }
})

test('the example of a provider runs', () => {
  const cwd = join(root, 'examples', 'node')
  execFileSync('npm', ['install', '--offline'], { cwd, stdio: 'pipe' })
  const output = execFileSync(process.execPath, ['own_provider.mjs'], { cwd, encoding: 'utf8', timeout: 30_000 })
  assert.equal(
    output,
    "valid: true, { name: 'Clerk' }\ndepot: north\nparcels P-1, P-2, P-3\nnot_found, code NO_SUCH_PARCEL: it is lost\n",
  )
})
