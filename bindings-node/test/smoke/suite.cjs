// What every framework of tests must do; `timers` are its own fake ones.
module.exports = ({ AuthenticationError, ConfigError, Linktor }, { Sandbox, SandboxError }, framework, timers) => {
  const { afterAll, afterEach, beforeAll, expect, test } = framework
  let sandbox
  beforeAll(async () => {
    sandbox = await Sandbox.start()
  })
  afterEach(async () => {
    timers.useRealTimers()
    await sandbox.reset()
  })
  afterAll(() => sandbox.stop())

  test('a busy server is asked again', async () => {
    await sandbox.script({ status: 503, headers: { 'Retry-After-Ms': '1' } })
    expect((await sandbox.client().get('/me')).attempts).toBe(2)
    const [entry] = await sandbox.journal()
    expect(entry.headers).toBeInstanceOf(Headers)
    expect(entry.bytes()).toBeInstanceOf(Uint8Array)
  })

  test('errors are of their classes', async () => {
    await expect(sandbox.client('linktor', { apiKey: 'lk_wrong' }).get('/me')).rejects.toThrow(AuthenticationError)
    await expect(sandbox.script({ stauts: 1 })).rejects.toThrow(SandboxError)
    expect(() => new Linktor({ apiKey: '' })).toThrow(ConfigError)
  })

  test('fake timers do not stop it', async () => {
    timers.useFakeTimers()
    const other = await Sandbox.start()
    await other.script({ body: new Uint8Array([1]), delayMs: 50 })
    expect([...(await other.client().get('/me')).bytes()]).toEqual([1])
    expect(await other.journal()).toHaveLength(1)
    await other.stop()
  })
}
