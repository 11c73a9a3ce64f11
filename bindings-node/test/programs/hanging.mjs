// Clients that wait for ever: for the server, or for one of the functions of the user's.
import { Linktor } from '@linktor/sdk'

/** The functions that may hang. */
export const FUNCTIONS = ['tokenSource', 'load', 'save', 'lock', 'fetch', 'onEvent']

/** A client of which `what` hangs, and a promise that it does. */
export function clientThatHangs(what, { baseUrl, apiKey, email, password }) {
  let begun
  const hung = new Promise((resolve) => {
    begun = resolve
  })
  const hang = () => {
    begun()
    return new Promise(() => {})
  }
  const store = (methods) => ({
    email,
    password,
    tokenStore: { load() {}, save() {}, lock: () => () => {}, ...methods },
  })
  const options = {
    server: { apiKey },
    tokenSource: { tokenSource: hang },
    load: store({ load: hang }),
    save: store({ save: hang }),
    lock: store({ lock: hang }),
    fetch: { apiKey, fetch: hang },
    onEvent: { apiKey, onEvent: hang },
  }[what]
  if (what === 'server') begun()
  return { client: new Linktor({ baseUrl, ...options }), hung }
}
