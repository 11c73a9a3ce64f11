import type { native } from './native.js'

/** What functions of the user's threw in this thread, by question, while an error may be made of it. */
export const failures = new Map<number, unknown>()

/** Lets go of what no error can be made of any more. */
export function forgetFailures({ forgotten }: Pick<typeof native, 'forgotten'>): void {
  if (failures.size === 0) return
  for (const question of forgotten([...failures.keys()])) failures.delete(question)
}
