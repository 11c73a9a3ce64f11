// Makes one call through a client that nothing else holds, while garbage is collected.
import { Linktor } from '@linktor/sdk'

const [, , baseUrl, apiKey] = process.argv
setInterval(gc, 20).unref()
console.log((await new Linktor({ baseUrl, apiKey }).get('/me')).status)
