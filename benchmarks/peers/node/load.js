// Loads one server after another with autocannon, as told on standard input: a line of JSON for each window, answered by
// a line of JSON with what was seen. One process for all windows, so that none pays for its start.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import autocannon from 'autocannon'

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await window(JSON.parse(line))) + '\n')
}
process.exit(0)

async function window ({ url, headers, bodies: file, connections, seconds }) {
  const bodies = JSON.parse(readFileSync(file, 'utf8'))
  const times = []
  let turn = 0
  const load = autocannon({
    url,
    connections,
    duration: seconds,
    timeout: 20,
    // Each connection begins elsewhere among the bodies, so that no two ask the same at once.
    setupClient: client => {
      const begin = Math.floor(turn++ * bodies.length / connections)
      const own = [...bodies.slice(begin), ...bodies.slice(0, begin)]
      client.setRequests(own.map(body => ({ method: 'POST', path: new URL(url).pathname, headers, body })))
    },
  })
  let refused = 0
  load.on('response', (_, status, __, milliseconds) => {
    times.push(milliseconds)
    if (status !== 200) refused += 1
  })
  const begun = process.hrtime.bigint()
  const result = await load
  const elapsed = Number(process.hrtime.bigint() - begun) / 1e9
  times.sort((a, b) => a - b)
  const at = share => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? null
  return {
    requests: times.length,
    per_s: times.length / elapsed,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    bytes: times.length ? result.throughput.total / times.length : 0,
    refused: refused + result.errors + result.timeouts,
  }
}
