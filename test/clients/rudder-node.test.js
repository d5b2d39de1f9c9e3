// @rudderstack/rudder-sdk-node: camel case here, gzip in a form, as it sends by itself.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import Rudder from '@rudderstack/rudder-sdk-node'
import { startServer } from './lib/server.js'
import { assertPlays, entries, everything, segment, stories } from './lib/story.js'

let server
before(async () => { server = await startServer() })
after(() => server?.stop())

const camel = properties => Object.fromEntries(Object.entries(properties).map(([name, value]) => [name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()), value]))

for (const gzip of [true, false]) {
  test(`@rudderstack/rudder-sdk-node tells a play, ${gzip ? '' : 'not '}compressed`, async () => {
    const told = stories(`rudder-node-${gzip}`)
    const client = new Rudder(server.writeKey, { dataPlaneUrl: server.url, flushAt: 4, gzip, logLevel: 'error' })
    client.identify({ userId: told.viewer, traits: { plan: 'premium' } })
    for (const step of everything(told)) {
      const [event, properties] = segment(step)
      client.track({ userId: told.viewer, event, properties: camel(properties), originalTimestamp: new Date(step.time) })
    }
    await new Promise((done, failed) => client.flush(error => error ? failed(error) : done()))
    await assertPlays(server, told)
    assert.deepEqual((await entries(server, 'segment')).filter(entry => entry.result === 'rejected'), [])
  })
}
