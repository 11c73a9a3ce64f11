import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import timers from 'node:timers'

import { VERSION } from '../version.js'
import { SandboxError } from './errors.js'
import type { Ready } from './families.js'
import { type Program, program } from './program.js'

const START = 30_000
const READY = ['url', 'base_urls', 'auth_urls', 'credentials']
const KEPT = 65_536

// Taken at once: a test's fake timers replace them later.
const { setTimeout: later, clearTimeout: never } = timers

/** A running sandbox, which ends with this process, however that ends, and does not keep it alive. */
export class Process {
  /** The ready line. */
  readonly ready: Ready
  readonly #child: ChildProcessWithoutNullStreams
  readonly #said: Said

  private constructor(child: ChildProcessWithoutNullStreams, said: Said, ready: Ready) {
    this.#child = child
    this.#said = said
    this.ready = ready
  }

  /** Starts it, and waits until it is ready. */
  static async start(): Promise<Process> {
    const found = program()
    // Detached, since Ctrl-C is for the test, which may go on.
    const child = spawn(found.path, { stdio: 'pipe', detached: true, windowsHide: true })
    const said: Said = { text: '' }
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.text = (said.text + text).slice(-KEPT)
    })
    // It may end before it is told to.
    child.stdin.on('error', () => {})
    try {
      const ready = readyFrom(await firstLine(child, said, found), found)
      for (const part of [child, child.stdin, child.stdout, child.stderr]) unref(part)
      return new Process(child, said, ready)
    } catch (error) {
      child.stdin.destroy()
      child.kill('SIGKILL')
      throw error
    }
  }

  /** Ends it, and waits until it has ended. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.ref()
    this.#child.stdin.destroy()
    this.#child.kill('SIGKILL')
    await ended
  }

  /** Tells in words whether it runs, and what it wrote to stderr. */
  state(): string {
    return stateOf(this.#child, this.#said)
  }
}

interface Said {
  text: string
}

function firstLine(child: ChildProcessWithoutNullStreams, said: Said, { path, missing }: Program): Promise<string> {
  let timer: NodeJS.Timeout
  const told = new Promise<string>((resolve, reject) => {
    const fail = (message: string, cause?: unknown) => reject(new SandboxError(message, cause ? { cause } : undefined))
    timer = later(() => fail(`${path} is not ready after ${START / 1000} s`), START)
    let line = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!line.includes('\n')) line += text
      if (line.includes('\n') || line.length > KEPT) resolve(line)
    })
    child.once('error', (error: NodeJS.ErrnoException) => {
      fail(error.code === 'ENOENT' ? missing : `${path} cannot be run: ${error.message}`, error)
    })
    child.once('close', () => fail(`${path} did not start: ${stateOf(child, said)}`))
  })
  // The timer alone would keep the process alive.
  return told.finally(() => never(timer))
}

function readyFrom(line: string, { path }: Program): Ready {
  let told: unknown
  try {
    told = JSON.parse(line)
  } catch {
    // Told below, with what it said.
  }
  if (typeof told !== 'object' || told === null) {
    throw new SandboxError(`${path} is no sandbox: its first line is ${JSON.stringify(line.slice(0, 200))}`)
  }
  const missing = READY.filter((name) => !Object.hasOwn(told, name))
  if (missing.length === 0) return told as Ready
  throw new SandboxError(
    `${path} is of another version than @linktor/sdk: it does not tell ${missing.join(', ')}. ` +
      `Run: npm install -D @linktor/sandbox@${VERSION}`,
  )
}

function stateOf(child: ChildProcessWithoutNullStreams, { text }: Said): string {
  const end = child.exitCode ?? child.signalCode
  const state = end === null ? 'it runs' : `it ended with ${end}`
  return text.trim() ? `${state}, and said: ${text.trim()}` : state
}

/** Types know sockets only as streams, and some runtimes have no more. */
function unref(part: object): void {
  if ('unref' in part && typeof part.unref === 'function') part.unref()
}
