import { inspect } from 'node:util'

import { configError } from '../errors.js'
import { epochSeconds, finite, knownOptions, seconds } from '../given.js'
import { jsonText } from '../json.js'
import { VERIFIER_NAMES } from '../names.js'
import { type NativeVerifier, native, translated } from '../native.js'
import { WebhookEvent } from './event.js'
import {
  bytesOf,
  HeaderLines,
  secretsOf,
  type WebhookBody,
  type WebhookHeaders,
  type WebhookSecret,
} from './received.js'
import { schemeTold, type WebhookScheme } from './scheme.js'

/** What a {@link Verifier} may be told. */
export interface VerifierOptions {
  /**
   * Milliseconds that a delivery's signed time may be from this machine's, before it or after. Default: 300,000. For a
   * scheme that signs no time it is refused.
   */
  tolerance?: number
  /** The longest body that is looked at, in bytes. Default: 1 MiB (1,048,576). */
  sizeLimit?: number
  /** The time to verify at, as a date or epoch milliseconds, for tests. Default: now, at each delivery. */
  now?: Date | number
}

/**
 * Verifies the deliveries of one sender. Its keys are made once, so keep it.
 *
 * ```ts
 * const verifier = new Verifier('linktor', [newSecret, oldSecret], { tolerance: 60_000 })
 *
 * const event = verifier.verify(request.body, request.headers)
 * if (event.type === 'message.received') handle(event.data())
 * ```
 */
export class Verifier {
  readonly #native: NativeVerifier
  readonly #lines: HeaderLines
  #admitting?: HeaderLines

  /**
   * @param scheme a name, a document of your own, or a provider's description
   * @param secret one secret, or several of which any may have signed
   * @throws {ConfigError} if there is no such scheme or it contradicts itself, a secret is blank or not of the form that
   * the scheme wants, or an option is not what it should be
   */
  constructor(scheme: WebhookScheme, secret: WebhookSecret, options: VerifierOptions = {}) {
    const { tolerance, sizeLimit, now } = knownOptions(options, VERIFIER_NAMES, configError)
    const told = {
      scheme: schemeTold(scheme),
      tolerance: tolerance === undefined ? undefined : seconds('tolerance', tolerance),
      size_limit: sizeLimit === undefined ? undefined : finite('sizeLimit', sizeLimit, 'a number of bytes'),
      now: now === undefined ? undefined : epochSeconds('now', now),
    }
    const json = jsonText('the options', told, configError)
    const secrets = secretsOf(secret)
    this.#native = translated(() => native.webhookVerifier(json, secrets))
    this.#lines = new HeaderLines(native.webhookHeaderNames(this.#native))
  }

  /**
   * The event of a delivery, from its body as it was received (JSON that was parsed and written again is another text)
   * and its headers.
   *
   * @throws {WebhookVerificationError} if it is not what the sender signed, or not of now: its `code` says why
   * @throws {InvalidRequestError} if the body is no bytes or text, or the headers are none
   */
  verify(body: WebhookBody, headers: WebhookHeaders): WebhookEvent {
    const bytes = bytesOf(body)
    const lines = this.#lines.of(headers)
    const told = translated(() => native.webhookVerify(this.#native, bytes, lines))
    return WebhookEvent.of(bytes, told)
  }

  /**
   * The same without an event: returns if the delivery is what the sender signed, and of now.
   *
   * @throws {WebhookVerificationError} as {@link Verifier.verify}
   * @throws {InvalidRequestError} as {@link Verifier.verify}
   */
  verifySignature(body: WebhookBody, headers: WebhookHeaders): void {
    const bytes = bytesOf(body)
    const lines = this.#lines.of(headers)
    translated(() => native.webhookVerifySignature(this.#native, bytes, lines))
  }

  /**
   * The event of a delivery, and what a deduplicator knows it by, if it can be known. Throws as {@link Verifier.verify}.
   * @internal
   */
  receive(body: WebhookBody, headers: WebhookHeaders): [event: WebhookEvent, key: string | null] {
    const bytes = bytesOf(body)
    const lines = this.#lines.of(headers)
    const [told, key] = translated(() => native.webhookReceive(this.#native, bytes, lines))
    return [WebhookEvent.of(bytes, told), key]
  }

  /**
   * Throws what refuses a delivery whose body need not be read.
   * @internal
   */
  admit(method: string, headers: WebhookHeaders): void {
    this.#admitting ??= new HeaderLines([...native.webhookHeaderNames(this.#native), 'content-length'])
    const lines = this.#admitting.of(headers)
    translated(() => native.webhookAdmit(this.#native, method, lines))
  }

  /**
   * The longest body that it takes, in bytes.
   * @internal
   */
  get sizeLimit(): number {
    return native.webhookSizeLimit(this.#native)
  }

  /**
   * Frees its keys, which the runtime does after the turn at the earliest; it verifies nothing from then on.
   * @internal
   */
  letGo(): void {
    native.webhookLetGo(this.#native)
  }

  /** @internal */
  [inspect.custom](): string {
    return 'Verifier {}'
  }
}
