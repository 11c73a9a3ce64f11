import {
  APIClient,
  APIError,
  LibromiConnect,
  type Limit,
  Linkit,
  Linktor,
  LinktorError,
  type LinktorOptions,
  type LinktorResponse,
  type Page,
  type RateLimit,
  type RequestOptions,
  type TokenSource,
} from '@linktor/sdk'

const tokenSource: TokenSource = async ({ signal }) =>
  signal.aborted ? 'token' : { token: 'token', expiresIn: 60_000 }
const limits: Limit[] = [
  { limit: 5, window: 1000, class: 'messages' },
  { limit: 30, window: 60_000 },
]
const options: LinktorOptions = { tokenSource, provider: 'linkit', timeout: 1000, headers: { 'X-A': 'a' } }
export const clients: Linktor[] = [
  new Linktor(),
  new Linktor(options),
  new Linktor({ apiKey: 'key', maxRetries: 5, maxRetryWait: 0, retryBudget: 0, pacing: 'off', limits }),
  new Linktor({ anonymous: true, provider: { name: 'own', credentials: [] }, headers: [['X-A', 'a']] }),
  new APIClient({ apiKey: 'key', provider: 'api_v1', limits: 'pro', pacing: 'proactive' }),
  new Linkit({ email: 'a@example.com', password: 'b' }).withCredentials({ accessToken: 'c' }),
  new LibromiConnect({ apiToken: 'a|b' }).withCredentials({ apiToken: 'c|d' }),
]

export async function names(client: Linktor, id: number): Promise<string[]> {
  const query = { tag: ['a', 'b'], page: 1, all: undefined }
  const told: RequestOptions = { pathParams: { id }, query, signal: AbortSignal.timeout(5) }
  try {
    const response: LinktorResponse = await client.get('/users/{id}', told)
    const type: string | null = response.headers.get('content-type')
    const bytes: Uint8Array = response.bytes()
    const known: RateLimit | undefined = response.rateLimit ?? client.rateLimit() ?? client.rateLimit('messages')
    const left: number = (known?.remaining ?? 0) + (known?.limit ?? 0) + (known?.reset ?? 0) + response.waited
    await client.post('/messages', { json: { left }, idempotencyKey: known?.class ?? 'key', maxRetries: 1 })
    await client.request('PUT', '/messages', { body: new Uint8Array(1), contentType: 'image/png', idempotent: true })
    const users = response.data<{ name: string }[]>()
    return [...users.map(({ name }) => name), type ?? '', String(bytes.length), response.text()]
  } catch (error) {
    if (error instanceof APIError && error.kind === 'rate_limited') return [String(error.retryAfter ?? 1)]
    if (error instanceof LinktorError) return [error.code ?? '', error.requestId ?? '', error.waited.toFixed()]
    throw error
  }
}

interface User {
  name: string
}

export async function everybody(client: APIClient): Promise<string[]> {
  const found: string[] = []
  for await (const user of client.paginate<User>('/users', { query: { per_page: 5 } })) found.push(user.name)
  for await (const page of client.paginate<User>('/users').pages()) {
    const { items, next }: Page<User> = page
    found.push(...items.map(({ name }) => name), next === undefined ? 'end' : next.toFixed())
  }
  const handle: APIClient = client.withOrganization('org_1')
  handle.close()
  await client[Symbol.asyncDispose]()
  return found
}

// @ts-expect-error: there is no such option
new Linktor({ apikey: 'key' })
// @ts-expect-error: the provider is settled
new Linkit({ provider: 'linktor' })
// @ts-expect-error: no family of an APIClient
new APIClient({ provider: 'linkit' })
// @ts-expect-error: no such pacing
new Linktor({ apiKey: 'key', pacing: 'fast' })
// @ts-expect-error: a limit has a window
new Linktor({ apiKey: 'key', limits: [{ limit: 5 }] })
// @ts-expect-error: a credential is not null
new Linktor({ apiKey: null })
// @ts-expect-error: a text is no number
clients[0]?.get('/users', { timeout: '5s' })
// @ts-expect-error: the name is timeout
clients[0]?.get('/users', { timeoutMs: 5 })
// @ts-expect-error: a page has no body
clients[0]?.paginate('/users', { json: {} })
// @ts-expect-error: no option of a handle
clients[0]?.withCredentials({ apiKey: 'key', timeout: 5 })
