// Events of AWS Lambda, from those that its documentation prints.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What happens to hold a delivery, by the name of its shape. */
export const SHAPES = {
  /** `headers` has the last of what is repeated. */
  rest: (delivery) => filled('api_gateway_rest', delivery, { multiValueHeaders: repeated(delivery.headers) }),
  /** What is repeated is joined, and names are in lower case. */
  http: (delivery) => filled('api_gateway_http', delivery, { headers: joined(delivery.headers) }),
  url: (delivery) => filled('function_url', delivery, { headers: joined(delivery.headers) }),
  balancer: (delivery) => filled('load_balancer', delivery),
  /** Of a target group that has multi-value headers. */
  repeating(delivery) {
    const { headers: _, ...event } = filled('load_balancer', delivery)
    return { ...event, multiValueHeaders: repeated(delivery.headers) }
  },
}

function filled(name, { method, body, headers, isBase64Encoded = false }, more = {}) {
  const event = JSON.parse(readFileSync(join(import.meta.dirname, 'events', `${name}.json`)))
  const text = body === null ? null : body.toString(isBase64Encoded ? 'base64' : 'utf8')
  const told = { ...event, headers: Object.fromEntries(headers), ...more, isBase64Encoded }
  if ('httpMethod' in event) return { ...told, httpMethod: method, body: text }
  const requestContext = { ...event.requestContext, http: { ...event.requestContext.http, method } }
  return { ...told, requestContext, ...(body === null ? {} : { body: text }) }
}

function repeated(headers) {
  const several = {}
  for (const [name, value] of headers) several[name] = [...(several[name] ?? []), value]
  return several
}

function joined(headers) {
  const lower = headers.map(([name, value]) => [name.toLowerCase(), value])
  return Object.fromEntries(Object.entries(repeated(lower)).map(([name, values]) => [name, values.join(',')]))
}
