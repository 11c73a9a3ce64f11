// Under exactOptionalPropertyTypes alone: an option that is left out is not one that is undefined.
import { Linktor } from '@linktor/sdk'

// @ts-expect-error: a variable that is not set is no key
new Linktor({ apiKey: process.env.API_KEY })
// @ts-expect-error: nor is this
new Linktor({ apiKey: undefined })
