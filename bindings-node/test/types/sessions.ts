import {
  APIClient,
  type AuthorizationRequest,
  type AuthorizationRequestJSON,
  type AuthTest,
  JWT,
  jwt,
  OAuth,
  type Session,
  TokenStoreError,
} from '@linktor/sdk'

interface User {
  name: string
}

const oauth = new OAuth({ clientId: 'id', clientSecret: 'secret' })
const client = new APIClient({ oauth, authUrl: 'https://example.com', tokenStore: 'tokens.json' })
export const minting = new APIClient({
  jwt: new JWT({ secret: 'a', subject: 'b', claims: { scopes: [] }, ttl: 60_000 }),
})

export async function session(): Promise<string[]> {
  const request: AuthorizationRequest = client.auth.authorizeUrl(['read:users'], 'https://example.com/callback')
  const saved: AuthorizationRequestJSON = JSON.parse(JSON.stringify(request))
  const made: Session = await client.auth.exchangeCode('/callback?code=a', saved)
  const known: Session | null = client.auth.session()
  const test: AuthTest<User> = await client.auth.test<User>({ signal: AbortSignal.timeout(5) })
  const left: number | null = made.expiresIn ?? known?.expiresIn ?? null
  const nothing: null = test.valid ? null : test.data
  await client.auth.login().catch((error: unknown) => error instanceof TokenStoreError)
  return [test.valid ? test.data.name : String(nothing), String(left), request.redirectUri]
}

const token: string = jwt.sign({ sub: 'a' }, 'secret', { expiresIn: 60_000, now: new Date() })
const { sub, exp } = jwt.verify(token, 'secret', { leeway: 5_000 })
export const claims: [string | undefined, number | undefined, string] = [
  sub,
  exp,
  jwt.verify<User>(token, 'secret').name,
]

// @ts-expect-error: there may be no data
client.auth.test<User>().then(({ data }) => data.name)
// @ts-expect-error: half a pair of parts
new OAuth({ clientId: 'id' })
// @ts-expect-error: no such part
new JWT({ secret: 'a', subject: 'b', algorithm: 'RS256' })
