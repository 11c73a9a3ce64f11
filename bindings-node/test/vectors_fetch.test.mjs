// The vectors that send something, once more through the platform's `fetch`.
import { OF_FETCH } from './own.mjs'
import { useVectors } from './vectors.mjs'

const OF_THE_CLIENTS_OWN_TRANSPORT = new Set([
  // It tells an answer that breaks off, or cannot be decompressed, from a connection that broke.
  'errors.json: a_truncated_answer_is_a_protocol_error',
  'errors.json: an_error_whose_body_breaks_is_told_by_its_status',
  'retry.json: a_get_is_not_repeated_after_a_body_that_cannot_be_decompressed',
  'retry.json: a_post_is_not_repeated_after_an_answer_that_breaks_off',
  'retry.json: the_error_is_that_of_the_last_attempt',
  // The platform's asks nobody at port 1, and says no more than that it failed.
  'errors.json: a_refused_connection_of_a_get_sent_nothing',
  'errors.json: a_refused_connection_of_a_post_sent_nothing',
  'retry.json: a_get_that_never_reached_the_server_is_repeated',
  'retry.json: a_post_that_never_reached_the_server_is_repeated',
  // The platform's joins them.
  'hints.json: repeated_headers',
])

useVectors({
  options: { fetch: globalThis.fetch },
  headers: OF_FETCH,
  isMeant: (name, one) => sends(one) && !one.transport_own && !OF_THE_CLIENTS_OWN_TRANSPORT.has(name),
})

function sends({ journal, script, calls }) {
  return Boolean(journal?.length || script || calls?.some((step) => 'method' in step))
}
