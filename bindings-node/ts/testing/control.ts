import http from 'node:http'

import { SandboxError } from './errors.js'
import type { Family } from './families.js'

/** A limit of requests: so many in a window. */
export interface SandboxLimit {
  /** How many. */
  limit: number
  /** Milliseconds. */
  window: number
  /** Those of this class alone. Default: all. */
  class?: string
}

/** The calls of {@link Sandbox.control}, and what each is told. */
export interface Calls {
  /** Counts the access tokens of all sessions so far as expired, or this one. */
  expire: { family: Family; token?: string }
  /** Ends all sessions so far, or that of this token; or this API key. */
  revoke: { family: Family; token?: string }
  /** Moves the clock on by milliseconds, back if negative. */
  clock: { advance: number }
  /** How later sessions behave; what is left out stays as it was. */
  sessions: {
    family: Family
    /** Milliseconds. */
    accessLife?: number
    /** Milliseconds. */
    refreshLife?: number
    /** Whether a renewal gives a new refresh token, and what becomes of the old one. */
    rotation?: 'none' | 'soft' | 'strict' | 'overlap'
    /** Of `linktor`. */
    loginShape?: 'server' | 'documented'
    /** Of `linkit`. */
    expiresAt?: 'future' | 'past'
  }
  /** Sets the rate limits of a family. */
  limits: {
    family: Family
    limits: 'published' | 'open' | readonly SandboxLimit[]
    /** Of those published. */
    tier?: string
  }
}

/** A call of {@link Sandbox.control}. */
export type Call = keyof Calls

// Taken at once: mocks of HTTP replace it later.
const { request } = http

/** What a call is told, as the sandbox reads it: its names, and seconds. */
export function callTold(told: object): object {
  const pairs = Object.entries(told).map(([name, value]) => {
    const known = NAMES[name] ?? name
    if (name === 'limits' && Array.isArray(value)) return [known, value.map(callTold)]
    return [known, MILLISECONDS.has(name) && typeof value === 'number' ? value / 1000 : value]
  })
  return Object.fromEntries(pairs)
}

const NAMES: { readonly [name: string]: string } = {
  accessLife: 'access_life',
  refreshLife: 'refresh_life',
  loginShape: 'login_shape',
  expiresAt: 'expires_at',
}

const MILLISECONDS = new Set(['advance', 'accessLife', 'refreshLife', 'window'])

/** Asks the control plane, past the proxies of the environment; `undefined` reads. Rejects with a {@link SandboxError}. */
export async function ask<T>(url: string, call: string, told?: object, timeout = 10_000): Promise<T> {
  const { status, text } = await exchange(`${url}/_sandbox/${call}`, told && JSON.stringify(told), timeout)
  const answer = JSON.parse(text)
  if (status !== 200) throw new SandboxError(`${call}: ${answer.error}`)
  return answer
}

function exchange(url: string, body: string | undefined, timeout: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: body === undefined ? 'GET' : 'POST', agent: false, timeout }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.on('error', reject)
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${timeout / 1000} s`)))
    asked.on('error', reject)
    asked.end(body)
  })
}
