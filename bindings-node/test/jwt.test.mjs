import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'

import { AuthenticationError, ConfigError, InvalidRequestError, jwt } from '@linktor/sdk'

const SECRET = 'invented-secret-that-is-never-shown'
const NOW = new Date('2026-01-02T03:04:05Z')

test('what is signed is verified, and times are milliseconds', () => {
  const token = jwt.sign({ sub: 'user-1', scopes: ['read:users'] }, SECRET, {
    expiresIn: 60_000,
    issuer: 'api.example.com',
    now: NOW,
  })
  const iat = NOW.getTime() / 1000
  const claims = { sub: 'user-1', scopes: ['read:users'], iss: 'api.example.com', iat, exp: iat + 60 }
  const options = { issuer: 'api.example.com', now: NOW }
  assert.deepEqual(jwt.verify(token, SECRET, options), claims)
  assert.deepEqual(jwt.verify(token, SECRET, { ...options, now: NOW.getTime() + 59_999 }), claims)
  assert.throws(() => jwt.verify(token, SECRET, { now: NOW.getTime() + 60_000 }), { code: 'token_expired' })
  assert.deepEqual(jwt.verify(token, SECRET, { now: NOW.getTime() + 60_000, leeway: 1_000 }), claims)
})

test('without options a token is good now', () => {
  const { iat, exp, sub } = jwt.verify(jwt.sign({ sub: 'user-1' }, SECRET), SECRET)
  assert.deepEqual([sub, exp - iat], ['user-1', 3600])
  assert.ok(Math.abs(iat - Date.now() / 1000) < 5)
})

test('a refused token has its class and code, and is not shown', () => {
  const token = jwt.sign({ sub: 'user-1' }, 'another secret')
  assert.throws(
    () => jwt.verify(token, SECRET),
    (error) => {
      assert.ok(error instanceof AuthenticationError)
      assert.equal(error.code, 'signature_mismatch')
      assert.match(error.stack, /jwt\.test\.mjs/)
      const shown = inspect(error, { showHidden: true })
      return !shown.includes(token) && !shown.includes(SECRET)
    },
  )
})

test('a token with half a letter is malformed, as any that is no token', () => {
  const token = jwt.sign({ sub: 'user-1' }, SECRET)
  for (const text of ['\ud800', `${token}\udc00`, token.replace('.', '\ud800.')]) {
    assert.throws(
      () => jwt.verify(text, SECRET),
      (error) => error instanceof AuthenticationError && error.code === 'token_malformed',
    )
  }
})

test('an error names the option as it is called here', () => {
  const sign = () => jwt.sign({ exp: 5 }, SECRET, { expiresIn: 5_000 })
  assert.throws(sign, { name: 'InvalidRequestError', message: 'expiresIn and the claim `exp` are given: give one' })
})

test('claims that JSON cannot say are refused', () => {
  for (const claims of [{ a: NaN }, { a: 1n }, { a: { b: Infinity } }, [], 'text', null]) {
    assert.throws(() => jwt.sign(claims, SECRET), InvalidRequestError, inspect(claims))
  }
})

test('options of the wrong type are refused without a secret', () => {
  const wrong = [
    () => jwt.sign({}, ''),
    () => jwt.sign({}, undefined),
    () => jwt.sign(undefined, SECRET),
    () => jwt.sign({}, SECRET, null),
    () => jwt.sign({}, SECRET, { expiresIn: '1h' }),
    () => jwt.sign({}, SECRET, { expires_in: 5 }),
    () => jwt.sign({}, SECRET, { now: new Date('never') }),
    () => jwt.verify(SECRET, SECRET, { leeway: -1 }),
    () => jwt.verify(SECRET, SECRET, { issuer: 7 }),
    () => jwt.verify(7, SECRET),
    () => jwt.verify(7n, SECRET),
    () => jwt.verify(SECRET, SECRET, null),
    () => jwt.verify(SECRET, SECRET, { expiresIn: 5 }),
  ]
  for (const call of wrong) {
    assert.throws(call, (error) => {
      assert.ok(error instanceof ConfigError, `${call}: ${error}`)
      return !inspect(error).includes(SECRET)
    })
  }
})
