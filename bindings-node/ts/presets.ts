import { Linktor } from './client.js'
import type { CredentialOptions } from './credentials.js'
import { configError } from './errors.js'
import { entries } from './given.js'
import type { LinktorOptions } from './options.js'

/** {@link LinktorOptions} where the family is settled. */
export type PresetOptions = Omit<LinktorOptions, 'provider'>

/** A client of Linkit: `provider: 'linkit'`. */
export class Linkit extends Linktor {
  /** See {@link Linktor}. */
  constructor(options: PresetOptions = {}) {
    super({ ...settled('Linkit', options), provider: 'linkit' })
  }
}

/** Libromi's name for the API key. */
export interface APITokenOption {
  /** The API key. Give one of the two. */
  apiToken?: string
}

/** Options of {@link LibromiConnect}. */
export interface LibromiConnectOptions extends PresetOptions, APITokenOption {}

/** A client of Libromi Connect: `provider: 'libromi'`. */
export class LibromiConnect extends Linktor {
  /** See {@link Linktor}. */
  constructor(options: LibromiConnectOptions = {}) {
    super({ ...withAPIKey(settled('LibromiConnect', options)), provider: 'libromi' })
  }

  /** See {@link Linktor.withCredentials}. */
  override withCredentials(options: CredentialOptions & APITokenOption): this {
    entries(options)
    return super.withCredentials(withAPIKey({ ...options }))
  }
}

/** Options of {@link APIClient}. */
export interface APIClientOptions extends PresetOptions {
  /** Default: `api_v2`. */
  provider?: 'api_v1' | 'api_v2'
}

/** A client of `api_v2`, or of `api_v1`. */
export class APIClient extends Linktor {
  /** See {@link Linktor}. */
  constructor(options: APIClientOptions = {}) {
    entries(options)
    const { provider = 'api_v2' } = { ...options }
    if (provider !== 'api_v1' && provider !== 'api_v2') {
      throw configError('the provider of an APIClient is api_v1 or api_v2')
    }
    super({ ...options, provider })
  }
}

function settled<T extends PresetOptions>(name: string, options: T): T {
  if (entries(options).some(([option]) => option === 'provider')) {
    throw configError(`${name} has its provider settled: leave the option out`)
  }
  return { ...options }
}

function withAPIKey<T extends CredentialOptions & APITokenOption>({ apiToken, ...rest }: T): Omit<T, 'apiToken'> {
  if (apiToken === undefined) return rest
  if ('apiKey' in rest) throw configError('apiToken and apiKey are given: give one')
  return { ...rest, apiKey: apiToken }
}
