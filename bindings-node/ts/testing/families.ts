import type { ProviderName } from '../options.js'

/** An API family. */
export type Family = ProviderName

/** What a family knows, invented and always the same: those that it has. */
export interface FamilyCredentials {
  /** May do everything. */
  readonly apiKey: string
  /** An API key that may not write. */
  readonly readOnlyKey: string
  /** Of the same session as `refreshToken`. */
  readonly accessToken: string
  /** Refused as one that has expired. */
  readonly expiredToken: string
  /** Of a session that exists after every reset. */
  readonly refreshToken: string
  readonly email: string
  readonly password: string
  readonly organization: string
  readonly clientId: string
  readonly clientSecret: string
  /** The one that is registered, on any port. */
  readonly redirectUri: string
  /** What `api_v2` verifies JWTs with. */
  readonly jwtSecret: string
  /** What deliveries are signed with. */
  readonly webhookSecret: string
}

type Token = 'accessToken' | 'expiredToken'
type OAuthClient = Token | 'refreshToken' | 'clientId' | 'clientSecret' | 'redirectUri'
type Knows<Names extends keyof FamilyCredentials> = Readonly<Pick<FamilyCredentials, Names>>

/** What each family knows, and the secrets of webhook schemes that are no family's. */
export interface SandboxCredentials {
  readonly linktor: Knows<'apiKey' | 'readOnlyKey' | Token | 'refreshToken' | 'email' | 'password' | 'webhookSecret'>
  readonly linkit: Knows<'apiKey' | Token | 'email' | 'password' | 'organization'>
  readonly libromi: Knows<'apiKey' | 'readOnlyKey' | 'webhookSecret'>
  readonly api_v2: Knows<'apiKey' | OAuthClient | 'jwtSecret' | 'webhookSecret'>
  readonly api_v1: Knows<'apiKey' | OAuthClient | 'webhookSecret'>
  readonly standard_webhooks: Knows<'webhookSecret'>
  readonly x_hub_signature_256: Knows<'webhookSecret'>
}

/** Where a sandbox is, as it says on its first line. */
export interface Ready {
  readonly url: string
  readonly base_urls: Readonly<Record<Family, string>>
  readonly auth_urls: Readonly<Record<'api_v1' | 'api_v2', string>>
  readonly credentials: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** The credentials of a first line, by the names that options have here. */
export function credentialsOf(ready: Ready): SandboxCredentials {
  const families = Object.entries(ready.credentials).map(([family, known]) => {
    const named = Object.entries(known).map(([name, value]) => [
      name.replace(/_(\w)/g, (_, a) => a.toUpperCase()),
      value,
    ])
    return [family, Object.fromEntries(named)]
  })
  return Object.fromEntries(families)
}
