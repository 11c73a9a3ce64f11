import { configError, invalidRequest } from '../errors.js'
import { epochSeconds, knownOptions } from '../given.js'
import { jsonText, wellFormed } from '../json.js'
import { WEBHOOK_SIGN_NAMES } from '../names.js'
import { native, translated } from '../native.js'
import { bytesOf, secretsOf, type WebhookBody } from './received.js'
import { schemeTold, type WebhookScheme } from './scheme.js'

/** What {@link sign} signs beside the body. */
export interface WebhookSignOptions {
  /** The event's id, for schemes that sign one. Default: a new one. */
  id?: string
  /** The time of the delivery, as a date or epoch milliseconds, for schemes that sign one. Default: now. */
  timestamp?: Date | number
}

/**
 * The headers with which a sender would deliver this body, by the names that the scheme gives them: for tests and local
 * development.
 *
 * ```ts
 * const headers = webhooks.sign('linktor', body, secret)
 * await fetch(url, { method: 'POST', body, headers })
 * ```
 *
 * @throws {ConfigError} as `new Verifier`, and if an id or a time is given to a scheme that signs none, or cannot be
 * written
 * @throws {InvalidRequestError} if the body is no bytes or text
 */
export function sign(
  scheme: WebhookScheme,
  body: WebhookBody,
  secret: string | Uint8Array,
  options: WebhookSignOptions = {},
): Record<string, string> {
  const { id, timestamp } = knownOptions(options, WEBHOOK_SIGN_NAMES, configError)
  const told = {
    scheme: schemeTold(scheme),
    id: wellFormed(id),
    timestamp: timestamp === undefined ? undefined : epochSeconds('timestamp', timestamp),
  }
  const json = jsonText('the options', told, configError)
  const secrets = secretsOf(secret)
  if (typeof body === 'string' && !body.isWellFormed()) {
    throw invalidRequest("the webhook's body is a text that UTF-8 cannot write")
  }
  const bytes = bytesOf(body)
  return Object.fromEntries(translated(() => native.webhookSign(json, bytes, secrets)))
}
