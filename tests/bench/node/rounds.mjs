// Rounds of runs in turn, and what is told of them.

/**
 * What each of the runs measured, by its name, a round each. Who begins changes with the round, and each run begins with
 * the garbage of the others collected. The first round warms up.
 */
export async function interleaved(count, runs) {
  const names = Object.keys(runs)
  const rounds = []
  for (let index = 0; index <= count; index++) {
    const first = index % names.length
    const round = {}
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      globalThis.gc()
      round[name] = await runs[name]()
    }
    if (index > 0) rounds.push(round)
  }
  return rounds
}

/** Lines of a table: a ratio of each round, its target, and anything else that is to be seen of each peer. */
export function table(title, rows) {
  console.log(`\n${title}`)
  for (const { name, ratios, told = '', target } of rows) {
    console.log(`  ${spread(ratios)} ${name.padEnd(16)} ${told.padStart(18)}${target ? `   target ${target}` : ''}`)
  }
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function perSecond(rate) {
  return `${Math.round(rate).toLocaleString('en')}/s`
}

function spread(ratios) {
  const range = `(${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`
  return `${median(ratios).toFixed(2).padStart(6)}x ${range.padEnd(16)}`
}
