// Questions to the public API, with the sign-in of a browser context.
import assert from 'node:assert/strict'

// query returns the answer's rows as objects, one property a column.
export async function query(context, origin, question) {
  const response = await context.request.post(`${origin}/api/v1/query`, { data: question })
  const body = await response.text()
  assert.equal(response.status(), 200, `query ${JSON.stringify(question)}: ${body}`)
  const { columns, rows } = JSON.parse(body)
  return rows.map(row => Object.fromEntries(columns.map((column, i) => [column.name, row[i]])))
}

// titleFigures asks for metrics of one title, of all time.
export async function titleFigures(context, origin, title, metrics) {
  const rows = await query(context, origin, { metrics, where: [{ dimension: 'title', in: [title] }] })
  assert.ok(rows.length <= 1, `one title has ${rows.length} rows`)
  return rows[0] ?? Object.fromEntries(metrics.map(name => [name, null]))
}

// someViewer is the pseudonym of somebody who has played; '' while nobody has. By
// what the play is chosen is the API's.
export async function someViewer(context, origin, worst = 'latest') {
  const response = await context.request.post(`${origin}/api/v1/plays/sample`, { data: { worst, limit: 1 } })
  assert.equal(response.status(), 200, await response.text())
  return (await response.json()).plays[0]?.viewer ?? ''
}

// warm waits until the demo's past is in and the server has caught up with the present:
// three looks, a second apart, at which nothing waits and figures are fresh. What
// hinders that for two minutes is no longer the demo's beginning, and is measured.
export async function warm(context, origin) {
  const look = async path => (await context.request.get(origin + path)).json()
  await eventually("the demo's history is in", 900_000, () => look('/api/v1/status'), s => s.history && s.history.done >= s.history.total)
  const rests = ({ figures, counts }) => figures.fresh_seconds < 1 && counts.every(c => c.name !== 'waiting_seconds' || c.value < 1)
  for (let rested = 0, end = Date.now() + 120_000; rested < 3 && Date.now() < end;) {
    rested = rests(await look('/api/v1/pipeline')) ? rested + 1 : 0
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
}

// eventually asks until check(answer) holds, and returns that answer.
export async function eventually(what, timeoutMs, ask, check) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (check(answer)) return answer
    if (Date.now() > deadline) assert.fail(`${what}: after ${timeoutMs} ms still ${JSON.stringify(answer)}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
