// The package as users have it: both module systems, and types under every resolution.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'

import * as esm from '@linktor/sdk'

import { root, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const own = join(import.meta.dirname, '..')

/** A project of a user's own, inside this package so that nothing is left behind elsewhere. */
function project(files, use) {
  const folder = mkdtempSync(join(own, 'dist', 'user-'))
  try {
    mkdirSync(join(folder, 'node_modules', '@linktor'), { recursive: true })
    symlinkSync(own, join(folder, 'node_modules', '@linktor', 'sdk'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the printed lines run as modules', () => {
  const text = `
    import { Linktor } from '@linktor/sdk'
    const client = new Linktor({ apiKey: 'YOUR_API_KEY' })
    console.log(client)`
  project({ 'printed.mjs': text }, (cwd) => {
    const output = execFileSync(process.execPath, ['printed.mjs'], { cwd, encoding: 'utf8' })
    assert.equal(output, "Linktor { provider: 'linktor' }\n")
  })
})

test('the printed lines run as scripts', () => {
  const text = `
    const { LibromiConnect } = require('@linktor/sdk')
    const client = new LibromiConnect({ apiToken: process.env.LIBROMI_API_TOKEN })
    const { APIClient } = require('@linktor/sdk')
    console.log(client, new APIClient({ apiKey: 'YOUR_API_KEY' }))`
  project({ 'printed.cjs': text, 'package.json': '{}' }, (cwd) => {
    const env = { ...process.env, LIBROMI_API_TOKEN: 'invented|token' }
    const output = execFileSync(process.execPath, ['printed.cjs'], { cwd, env, encoding: 'utf8' })
    assert.equal(output, "LibromiConnect { provider: 'libromi' } APIClient { provider: 'api_v2' }\n")
  })
})

test('the printed line that tests a key runs', () => {
  const text = `
    const { APIClient } = require('@linktor/sdk')
    const apiKey = process.argv[2]
    async function main() {
      const result = await new APIClient({ apiKey }).auth.test()     // result.valid
      console.log(result.valid, typeof result.data)
    }
    main()`
  project({ 'printed.cjs': text, 'package.json': '{}' }, (cwd) => {
    const env = { ...process.env, API_V2_BASE_URL: sandbox.base_urls.api_v2 }
    const args = ['printed.cjs', sandbox.credentials.api_v2.api_key]
    assert.equal(execFileSync(process.execPath, args, { cwd, env, encoding: 'utf8' }), 'true object\n')
  })
})

test('both module systems have the same classes', async () => {
  const cjs = createRequire(import.meta.url)('@linktor/sdk')
  assert.deepEqual(new Map(Object.entries(esm)), new Map(Object.entries(cjs).sort()))
  const client = new cjs.Linktor({ apiKey: 'lk_invented', baseUrl: sandbox.base_urls.linktor })
  await assert.rejects(client.get('/me'), esm.AuthenticationError)
})

const USE = `
  import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
  import {
    APIClient, APIError, type AuthorizationRequest, type AuthTest, JWT, jwt, LibromiConnect, type Limit, Linkit, Linktor,
    LinktorError, type LinktorResponse, OAuth, type Page, type RateLimit, type Session, type TokenSource, TokenStoreError,
    Verifier, type VerifierOptions, type WebhookBody, WebhookEvent, type WebhookEventType, type WebhookHeaders,
    type WebhookScheme, type WebhookSecret, WebhookVerificationError, webhooks,
  } from '@linktor/sdk'

  const tokenSource: TokenSource = async ({ signal }) => (signal.aborted ? 'token' : { token: 'token', expiresIn: 60_000 })
  const client = new Linktor({ tokenSource, provider: 'linkit', timeout: 1000, headers: { 'X-A': 'a' } })
  const limits: Limit[] = [{ limit: 5, window: 1000, class: 'messages' }, { limit: 30, window: 60_000 }]
  const v1: Linktor = new APIClient({ apiKey: 'key', provider: 'api_v1', limits: 'pro', pacing: 'proactive' })
  const patient = new Linktor({ apiKey: 'key', maxRetries: 5, maxRetryWait: 0, retryBudget: 0, pacing: 'off', limits })

  export async function names(id: number): Promise<string[]> {
    await using own = new Linktor({ apiKey: 'key' })
    try {
      const response: LinktorResponse = await own.get('/users/{id}', {
        pathParams: { id }, query: { tag: ['a', 'b'], page: 1, all: undefined }, signal: AbortSignal.timeout(5),
      })
      const type: string | null = response.headers.get('content-type')
      const bytes: Uint8Array = response.bytes()
      const known: RateLimit | undefined = response.rateLimit ?? own.rateLimit() ?? own.rateLimit('messages')
      const left: number = (known?.remaining ?? 0) + (known?.limit ?? 0) + (known?.reset ?? 0) + response.waited
      await own.post('/messages', { json: { left }, idempotencyKey: known?.class ?? 'key', maxRetries: 1, maxRetryWait: 500 })
      await own.post('/messages', { idempotent: true })
      return [...response.data<{ name: string }[]>().map((user) => user.name), type ?? '', String(bytes.length)]
    } catch (error) {
      if (error instanceof APIError && error.kind === 'rate_limited') await wait((error.retryAfter ?? 1) * 1000)
      if (error instanceof LinktorError) return [error.code ?? '', error.requestId ?? '', error.waited.toFixed()]
      throw error
    }
  }

  interface User { name: string }
  export async function everybody(): Promise<string[]> {
    const oauth = new OAuth({ clientId: 'id', clientSecret: 'secret' })
    const own = new APIClient({ oauth, authUrl: 'https://example.com', tokenStore: 'tokens.json' })
    const request: AuthorizationRequest = own.auth.authorizeUrl(['read:users'], 'https://example.com/callback')
    const saved = JSON.stringify(request)
    const session: Session = await own.auth.exchangeCode('/callback?code=a', JSON.parse(saved))
    const known: Session | null = own.auth.session()
    const test: AuthTest<User> = await own.auth.test<User>({ signal: AbortSignal.timeout(5) })
    const left: number | null = session.expiresIn ?? known?.expiresIn ?? null
    const nothing: null = test.valid ? null : test.data
    const names: string[] = [test.valid ? test.data.name : String(nothing), String(left), request.redirectUri]
    for await (const user of own.paginate<User>('/users', { query: { per_page: 5 } })) names.push(user.name)
    for await (const page of own.paginate<User>('/users').pages()) {
      const { items, next }: Page<User> = page
      names.push(...items.map((user) => user.name), next === undefined ? 'end' : next.toFixed())
    }
    const api: APIClient = own.withOrganization('org_1')
    const linkit: Linkit = new Linkit({ email: 'a@example.com', password: 'b' }).withCredentials({ accessToken: 'c' })
    const libromi: LibromiConnect = new LibromiConnect({ apiToken: 'a|b' }).withCredentials({ apiToken: 'c|d' })
    for (const handle of [api, linkit, libromi]) handle.close()
    await own.auth.login().catch((error: unknown) => error instanceof TokenStoreError)
    const token: string = jwt.sign({ sub: 'a' }, 'secret', { expiresIn: 60_000, now: new Date() })
    const { sub, exp } = jwt.verify(token, 'secret', { leeway: 5_000 })
    const mine = jwt.verify<User>(token, 'secret')
    return [...names, sub ?? '', String(exp), mine.name]
  }
  const minting: Linktor = new APIClient({ jwt: new JWT({ secret: 'a', subject: 'b', claims: { scopes: [] }, ttl: 60_000 }) })
  minting.close()

  export function received(request: IncomingMessage, body: Buffer, fetched: Request, lambda: { headers: LambdaHeaders }) {
    const secrets: WebhookSecret = ['secret', new Uint8Array(8)]
    const options: VerifierOptions = { tolerance: 60_000, sizeLimit: 65_536, now: new Date() }
    const own: WebhookScheme = { signature: { kind: 'hmac', header: 'X-A', prefix: 'sha256=' }, event: { id: ['/id'] } }
    const provider: Readonly<Record<string, unknown>> & { credentials: unknown } = { credentials: [], name: 'acme' }
    const all: WebhookHeaders[] = [
      request.headers, request.headersDistinct, request.rawHeaders, fetched.headers, lambda.headers, [['a', 'b']], [],
      new Map([['a', 'b']]), { a: ['b'] }, { a: fetched.headers.get('a') }, {} as IncomingHttpHeaders, Object.entries({ a: 'b' }),
    ]
    const bodies: WebhookBody[] = [body, 'text', new ArrayBuffer(1), new DataView(body.buffer), new Uint8Array(1)]
    const verifier = new Verifier('linktor', secrets, options)
    for (const scheme of [own, provider, 'api_v1', process.env.SCHEME ?? ''] as const) new Verifier(scheme, 'secret')
    try {
      const events: WebhookEvent[] = all.flatMap((headers) => bodies.map((body) => verifier.verify(body, headers)))
      const event = webhooks.verify('libromi', body, request.headers, 'secret', { now: Date.now() })
      const nothing: void = webhooks.verifySignature(own, body, request.headers, secrets)
      const type: WebhookEventType | undefined = event.type
      if (type === 'message.received' || type === 'acme.sent') events.push(event)
      const seen = new webhooks.Deduplicator({ capacity: 5 })
      const begun: webhooks.Begun | undefined = event.id === undefined ? undefined : seen.begin(event.id)
      const known: readonly string[] = webhooks.EVENT_TYPES
      const { name } = event.data<User>()
      return [name, event.timestamp?.getTime(), event.organization, begun, known, event.bytes().length, nothing]
    } catch (error) {
      if (error instanceof WebhookVerificationError) return [error.kind satisfies string, error.code]
      const headers: Record<string, string> = webhooks.sign('standard_webhooks', body, 'secret', { id: 'a', timestamp: 0 })
      return [headers]
    }
  }
  type LambdaHeaders = { [name: string]: string | undefined }

  const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
  client.close()
  v1.close()
  patient.close()

  // @ts-expect-error: only a delivery makes an event
  new WebhookEvent()
  // @ts-expect-error: no such field of a scheme
  new Verifier({ signature: { kind: 'hmac', header: 'X-A' }, evnt: {} }, 'secret')
  // @ts-expect-error: no such field of a signature
  new Verifier({ signature: { kind: 'hmac', header: 'X-A', prefx: 'a' } }, 'secret')
  // @ts-expect-error: no such field of an event
  new Verifier({ signature: { kind: 'hmac', header: 'X-A' }, event: { idd: [] } }, 'secret')
  // @ts-expect-error: a secret that may not be set
  new Verifier('linktor', process.env.WEBHOOK_SECRET)
  // @ts-expect-error: a parsed body
  webhooks.verify('linktor', { id: 'evt_1' }, {}, 'secret')
  // @ts-expect-error: a number is no header
  webhooks.verify('linktor', '', { a: 5 }, 'secret')
  // @ts-expect-error: a half of a scheme
  webhooks.sign({ signature: { kind: 'hmac' } }, '', 'secret')
  // @ts-expect-error: there is no such option
  new Linktor({ apikey: 'key' })
  // @ts-expect-error: a text is no number
  client.get('/users', { timeout: '5s' })
  // @ts-expect-error: no such pacing
  new Linktor({ apiKey: 'key', pacing: 'fast' })
  // @ts-expect-error: a limit has a window
  new Linktor({ apiKey: 'key', limits: [{ limit: 5 }] })
  // @ts-expect-error: a page has no body
  client.paginate('/users', { json: {} })
  // @ts-expect-error: there may be no data
  client.auth.test<User>().then(({ data }) => data.name)
  // @ts-expect-error: half a pair of parts
  new OAuth({ clientId: 'id' })
  // @ts-expect-error: no option of a handle
  client.withCredentials({ apiKey: 'key', timeout: 5 })
`

for (const [module, moduleResolution] of [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['preserve', 'bundler'],
]) {
  test(`a strict user's types hold under ${moduleResolution}`, () => {
    const options = { module, moduleResolution, strict: true, noEmit: true, target: 'es2022', types: ['node'] }
    const tsconfig = JSON.stringify({
      compilerOptions: { ...options, lib: ['es2022', 'esnext.disposable'], exactOptionalPropertyTypes: true },
      include: ['*'],
    })
    project({ 'use.mts': USE, 'use.cts': USE, 'package.json': '{}', 'tsconfig.json': tsconfig }, check)
  })
}

test('the types hold without those of Node.js', () => {
  const text = `
    import { Verifier } from '@linktor/sdk'
    new Verifier('linktor', 'secret').verify('', new Headers())`
  const options = { module: 'nodenext', strict: true, noEmit: true, target: 'es2022', types: [], skipLibCheck: false }
  const lib = ['es2022', 'esnext.disposable', 'dom', 'dom.iterable']
  const tsconfig = JSON.stringify({ compilerOptions: { ...options, lib }, include: ['*'] })
  project({ 'use.mts': text, 'package.json': '{}', 'tsconfig.json': tsconfig }, check)
})

function check(cwd) {
  try {
    execFileSync(process.execPath, [join(own, 'node_modules', 'typescript', 'bin', 'tsc')], { cwd, encoding: 'utf8' })
  } catch (error) {
    assert.fail(error.stdout)
  }
}

test('a machine without an addon is told what to do', () => {
  const text = `
    Object.defineProperty(process, 'arch', { value: 'abacus' })
    require('@linktor/sdk')`
  project({ 'load.cjs': text, 'package.json': '{}' }, (cwd) => {
    assert.throws(
      () => execFileSync(process.execPath, ['load.cjs'], { cwd, stdio: 'pipe', encoding: 'utf8' }),
      (error) => /no native addon.*abacus.*build it from source/s.test(error.stderr),
    )
  })
})

test('the quickstart runs', () => {
  const cwd = join(root, 'examples', 'node')
  execFileSync('npm', ['install', '--offline'], { cwd, stdio: 'pipe' })
  const output = execFileSync(process.execPath, ['quickstart.mjs'], { cwd, encoding: 'utf8', timeout: 30_000 })
  assert.equal(output.match(/^\w+ +(GET|POST) .* 20[01] /gm).length, 10)
  assert.match(output, /AuthenticationError.*\n.*kind authentication, code TOKEN_INVALID, request \S+/)
  assert.equal(output.match(/^ {2}200 after 1 attempts and 0\.0 s/gm).length, 3)
  assert.match(output, /^ {2}200 after 2 attempts and [123]\.\d s/m)
})

test('the package is of the version of the core', () => {
  const { version } = createRequire(import.meta.url)('@linktor/sdk/package.json')
  const manifest = execFileSync('cargo', ['metadata', '--no-deps', '--format-version=1', '--offline'], { cwd: root })
  const core = JSON.parse(manifest).packages.find(({ name }) => name === 'linktor')
  assert.equal(version, core.version)
})
