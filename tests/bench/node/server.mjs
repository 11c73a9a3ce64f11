import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Runs `task` with the URL of a bench-server, which ends after it. */
export async function withServer(binary, task) {
  const server = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const [line] = await once(createInterface(server.stdout), 'line')
    return await task(JSON.parse(line).url)
  } finally {
    server.stdin.end()
  }
}
