// Bars of time, held on machines that are free: where a machine has other things
// to do, a bar that is missed says nothing of Playhead.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'

// Of all processors' time: what others may take while a bar is held.
const OTHERS = 0.25
// The load average is that of the minute before: it alone is too slow to see who comes and goes.
const LOAD = 1.5 * cpus().length

// watchMachine begins to watch; what it returns says what the machine did since
// then: { busy, words }. Others is what neither this process nor one that it
// started ran, what the hypervisor took and what a quota held back.
export function watchMachine() {
  const start = look()
  return () => {
    const end = look(), load = loadavg()[0]
    const total = end.total - start.total
    const others = total > 0 ? (end.busy - start.busy - (end.ours - start.ours)) / total : 0
    const held = (end.held - start.held) / ((end.clock - start.clock) * 1000)
    return {
      busy: load > LOAD || others > OTHERS || held > 0.05,
      words: `load ${load.toFixed(1)} on ${cpus().length} processors, others took ${(Math.max(0, others) * 100).toFixed(0)} % of them`,
    }
  }
}

// holdBar says the words and fails where the bar is missed on a machine that was
// free. missed() is told of one that was not.
export function holdBar(words, holds, seen, missed) {
  const said = `${words}; ${seen.words}`
  console.log(said)
  if (!holds && seen.busy) return missed(`the machine has more to do than it can: ${said}`)
  assert.ok(holds, said)
}

// look reads the counters of Linux, in ticks (held: µs). Elsewhere they stand still.
function look() {
  const counters = { clock: performance.now(), total: 0, busy: 0, ours: 0, held: 0 }
  try {
    const [, ...times] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).map(Number)
    const all = times.slice(0, 8) // user, nice, system, idle, iowait, irq, softirq, steal
    counters.total = all.reduce((sum, ticks) => sum + ticks, 0)
    counters.busy = counters.total - all[3] - all[4]
    counters.ours = ticksOf(process.pid)
  } catch { /* not Linux */ }
  try {
    counters.held = Number(/^throttled_usec (\d+)/m.exec(readFileSync('/sys/fs/cgroup/cpu.stat', 'utf8'))?.[1] ?? 0)
  } catch { /* no quota */ }
  return counters
}

// ticksOf is the time of a process and of all below it, those that are over too.
function ticksOf(pid) {
  const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(name => {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
      return [{ pid: Number(name), parent: Number(fields[1]), ticks: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) }]
    } catch {
      return [] // it has ended
    }
  })
  const below = parent => processes.filter(it => it.parent === parent).reduce((sum, it) => sum + it.ticks + below(it.pid), 0)
  return below(pid) + (processes.find(it => it.pid === pid)?.ticks ?? 0)
}
