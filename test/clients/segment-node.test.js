// @segment/analytics-node, as a backend uses it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Analytics } from '@segment/analytics-node'
import { startServer } from './lib/server.js'
import { assertPlays, entries, everything, segment, stories } from './lib/story.js'

let server
before(async () => { server = await startServer() })
after(() => server?.stop())

test('@segment/analytics-node tells a play, a failure, and what is no video', async () => {
  const told = stories('segment-node')
  const analytics = new Analytics({ writeKey: server.writeKey, host: server.url, path: '/v1/batch', flushAt: 5, httpRequestTimeout: 60_000 })
  const problems = []
  analytics.on('error', problem => problems.push(problem))
  const who = { userId: told.viewer, anonymousId: 'anonymous-1' }
  analytics.identify({ ...who, traits: { plan: 'premium', email: 'ann@films.example' } })
  for (const step of everything(told)) {
    const [event, properties] = segment(step)
    analytics.track({ ...who, event, properties, timestamp: new Date(step.time) })
  }
  analytics.track({ ...who, event: 'Order Completed', properties: { total: 9.5 } })
  analytics.page({ ...who, name: 'Home' })
  analytics.group({ ...who, groupId: 'family' })
  analytics.alias({ userId: told.viewer, previousId: 'anonymous-1' })
  await analytics.closeAndFlush({ timeout: 60_000 })
  assert.deepEqual(problems, [])
  await assertPlays(server, told)
  const rejected = (await entries(server, 'segment')).filter(entry => entry.result === 'rejected')
  assert.deepEqual(rejected, [])
})
