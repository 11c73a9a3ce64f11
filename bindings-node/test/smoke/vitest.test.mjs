import * as sdk from '@linktor/sdk'
import * as testing from '@linktor/sdk/testing'
import * as framework from 'vitest'

import suite from './suite.cjs'

suite(sdk, testing, framework, framework.vi)
