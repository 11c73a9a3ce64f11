import { native } from './native.js'
import { stackOf } from './warnings.js'

const SECOND = 1_000

/** What functions of the user's threw in this thread, by question, while an error may be made of it. */
const failures = new Map<number, unknown>()
// Made here and not with a failure, whose async context it would keep.
const timer = setTimeout(forget, SECOND).unref()

/** Keeps what a function threw. */
export function keepFailure(question: number, error: unknown): void {
  // Until its stack is written, an error holds whatever it came through: its client, which holds its failure.
  stackOf(error)
  if (failures.size === 0) timer.refresh()
  failures.set(question, error)
}

/** What the function threw that `question` was put to: as `cause`, if it is known. */
export function failureOf(question: number | undefined): ErrorOptions | undefined {
  return question !== undefined && failures.has(question) ? { cause: failures.get(question) } : undefined
}

/** Lets go of what no error can be made of any more. */
function forget(): void {
  if (failures.size === 0) return
  for (const question of native.forgotten([...failures.keys()])) failures.delete(question)
  if (failures.size > 0) timer.refresh()
}
