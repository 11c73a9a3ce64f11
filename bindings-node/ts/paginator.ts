import type { Handle } from './handle.js'
import { type RequestOptions, type Written, written } from './request.js'
import type { LinktorResponse } from './response.js'
import { checkSignal } from './signal.js'

/** What reading a list may say besides its path; it holds for every page. */
export type PageOptions = Pick<
  RequestOptions,
  | 'query'
  | 'headers'
  | 'pathParams'
  | 'organizationId'
  | 'timeout'
  | 'deadline'
  | 'maxRetries'
  | 'maxRetryWait'
  | 'idempotent'
  | 'signal'
>

const NAMES: { readonly [name in keyof PageOptions]-?: true } = {
  deadline: true,
  headers: true,
  idempotent: true,
  maxRetries: true,
  maxRetryWait: true,
  organizationId: true,
  pathParams: true,
  query: true,
  signal: true,
  timeout: true,
}

/** One page of a list. */
export interface Page<T> {
  /** Its items; none if the server sent `null`. */
  readonly items: T[]
  /** The number of the next page, if there is one. */
  readonly next: number | undefined
  /** The answer that brought it. */
  readonly response: LinktorResponse
}

/**
 * A list that comes by pages: iterate it for the items of all pages. A page is asked for when
 * its first item is, so leaving the loop leaves the rest unasked; iterating again begins anew.
 *
 * ```ts
 * for await (const contact of client.paginate<{ name: string }>('/contacts')) console.log(contact.name)
 * ```
 */
export class Paginator<T> implements AsyncIterable<T> {
  readonly #handle: Handle
  readonly #path: string
  readonly #request: Written

  /** @internal */
  constructor(handle: Handle, path: string, options: PageOptions) {
    this.#handle = handle
    this.#path = path
    this.#request = written(options, NAMES)
  }

  /**
   * The pages themselves, each asked for when it is its turn. An error, or the reason of
   * `options.signal` if that aborts, ends the iteration.
   */
  async *pages(): AsyncGenerator<Page<T>, void, undefined> {
    let number: number | undefined = 0
    while (number !== undefined) {
      const response: LinktorResponse = await this.#handle.send('GET', this.#path, this.#request, number)
      const page = response.page<T>()
      yield page
      number = page.next
    }
  }

  /** The items of all pages. Ends as {@link Paginator.pages} does, and between two items if the signal aborts. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const { signal } = this.#request
    for await (const { items } of this.pages()) {
      for (const item of items) {
        if (signal) checkSignal(signal)
        yield item
      }
    }
  }
}
