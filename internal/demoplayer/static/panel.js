const kept = 7
const events = { ps: 'state', t: 'heartbeat', e: 'error', bc: 'bitrate', pr: 'rate', rr: 'response' }
export const states = {
  d: 'loading', s: 'starting', p: 'playing', k: 'seeking', r: 'stalled', a: 'paused', e: 'ended', f: 'failed', q: 'left',
}

// ReportPanel lists the last reports, newest first, with the collector's answer.
export class ReportPanel {
  #list
  #count
  #total = 0

  constructor(list, count) {
    this.#list = list
    this.#count = count
  }

  add(body, answer) {
    for (const line of body.split('\n').filter(Boolean)) this.#addLine(line, answer)
  }

  #addLine(line, answer) {
    this.#list.querySelector('.none')?.remove()
    this.#total++
    this.#count.textContent = this.#total.toLocaleString('en')
    const item = document.createElement('li')
    const details = item.appendChild(document.createElement('details'))
    const summary = details.appendChild(document.createElement('summary'))
    const time = summary.appendChild(document.createElement('time'))
    time.textContent = new Date().toTimeString().slice(0, 8)
    summary.append(describe(line))
    const mark = summary.appendChild(document.createElement('span'))
    mark.className = 'answer'
    mark.textContent = '…'
    details.appendChild(document.createElement('code')).textContent = line
    this.#list.prepend(item)
    while (this.#list.children.length > kept) this.#list.lastElementChild.remove()
    answer.then(status => {
      const taken = status >= 200 && status < 300
      mark.textContent = taken ? 'taken' : status ? `refused (${status})` : 'not reached'
      mark.classList.toggle('refused', !taken)
    })
  }
}

function describe(line) {
  const value = key => line.match(new RegExp(`(?:^|,)${key}=\\(?([^,)]+)`))?.[1]
  const event = value('e')
  const state = states[value('sta')]
  if (event === 'ps') return state ?? 'state'
  if (event === 'bc') return `bitrate ${Math.round(Number(value('br')))} kbit/s`
  return `${events[event] ?? event}${state ? ` · ${state}` : ''}`
}
