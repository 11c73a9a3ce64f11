import { type Completion, FAILED } from './calls.js'
import type { CredentialOptions } from './credentials.js'
import { configError, errorFrom, invalidRequest, type LinktorError } from './errors.js'
import { currentQuestion, Functions } from './functions.js'
import { checkText } from './given.js'
import { jsonText } from './json.js'
import { type RateLimit, rateLimitFrom } from './limits.js'
import { type NativeClient, translated } from './native.js'
import { credentialOptions, type LinktorOptions } from './options.js'
import { Port } from './port.js'
import { type RequestOptions, sendingJSON, type Written, written } from './request.js'
import { LinktorResponse } from './response.js'
import { checkSignal } from './signal.js'

/** A call of the session, as the core reads it. */
export interface AuthCall {
  readonly call: 'login' | 'refresh' | 'test' | 'exchange_code'
  readonly callback?: unknown
  readonly request?: unknown
}

/** A client, or a handle of one: what it says to the core, and what that answers. */
export class Handle {
  readonly native: NativeClient
  readonly #port: Port
  /** Its own, if it was made with credentials of its own. */
  readonly #functions: Functions | undefined

  private constructor(native: NativeClient, port: Port, functions?: Functions) {
    this.native = native
    this.#port = port
    this.#functions = functions
  }

  /** Makes a client. */
  static root(options: LinktorOptions): Handle {
    const port = new Port(options)
    return new Handle(port.root, port)
  }

  /** A handle for another organization, with the same token source. */
  withOrganization(id: string): Handle {
    if (typeof id !== 'string') throw configError('the organization must be a text')
    return new Handle(
      translated(() => this.native.withOrganization(id)),
      this.#port,
      this.#functions,
    )
  }

  /** A handle for somebody else, with the token source of its own that it may have. */
  withCredentials(options: CredentialOptions): Handle {
    const json = credentialOptions(options)
    const native = translated(() => this.native.withCredentials(json))
    const functions = new Functions(options.tokenSource)
    this.#port.questions.add(native.id, functions)
    return new Handle(native, this.#port, functions)
  }

  /** What is known of the rate limit of a class, or of that of the last answer. */
  rateLimit(cls: string | undefined): RateLimit | undefined {
    if (cls !== undefined && typeof cls !== 'string') throw configError('the class must be a text')
    const line = translated(() => this.native.rateLimit(cls))
    return line === null ? undefined : rateLimitFrom(line)
  }

  /** Sends a request. */
  async request(method: string, path: string, options: RequestOptions): Promise<LinktorResponse> {
    return await this.send(method, path, written(options))
  }

  /** Sends what was written; `page` makes it a request for that page of a list. */
  async send(method: string, path: string, request: Written, page?: number): Promise<LinktorResponse> {
    if (typeof method !== 'string' || typeof path !== 'string') throw invalidRequest('method and path must be texts')
    checkText('the path', path, invalidRequest)
    const { body, signal } = request
    if (signal) checkSignal(signal)
    const told = sendingJSON(request.told, page, currentQuestion())
    const id = translated(() =>
      typeof body === 'string'
        ? this.native.submit(method, path, told, body)
        : this.native.submitBytes(method, path, told, body),
    )
    const completion = await this.#completion(id, signal)
    if (completion.status === FAILED) throw this.#failure(completion)
    return new LinktorResponse(completion, this.native)
  }

  /** Makes a call of the session. */
  async auth<T>(call: AuthCall, signal: AbortSignal | undefined): Promise<T> {
    if (signal) checkSignal(signal)
    const json = jsonText('the arguments', { ...call, within: currentQuestion() }, invalidRequest)
    const completion = await this.#completion(
      translated(() => this.native.submitAuth(json)),
      signal,
    )
    if (completion.status === FAILED) throw this.#failure(completion)
    return JSON.parse(completion.body as string)
  }

  #completion(id: number, signal: AbortSignal | undefined): Promise<Completion> {
    return this.#port.calls.wait(id, signal, (id) => this.native.cancel(id))
  }

  /** Made after the wait, not where it was drained: so the stack shows who called. */
  #failure({ body }: Completion): LinktorError {
    return errorFrom(JSON.parse(body as string))
  }
}
