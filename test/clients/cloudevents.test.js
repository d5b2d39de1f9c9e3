// cloudevents, the CNCF's own library: native events as data, structured and in
// a batch.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CloudEvent, HTTP, emitterFor, httpTransport } from 'cloudevents'
import { startServer } from './lib/server.js'
import { assertPlays, everything, native, stories } from './lib/story.js'

let server
before(async () => { server = await startServer() })
after(() => server?.stop())

// The native format has no event of a seek that begins, and so no time in it.
const seekMs = 0

const wrapped = told => everything(told).flatMap(step => {
  const data = native(step, told.viewer)
  return data ? [new CloudEvent({ source: '/films/player', type: `films.${data.type}`, time: new Date(step.time).toISOString(), data })] : []
})

test('the emitter of cloudevents tells a play, one structured event a request', async () => {
  const told = stories('cloudevents')
  const emit = emitterFor(httpTransport(`${server.url}/v1/events?k=${server.writeKey}`), { mode: 'structured' })
  for (const event of wrapped(told)) assert.match((await emit(event)).body, /"accepted":1/)
  await assertPlays(server, told, { seekMs })
})

test('the emitter of cloudevents tells a play in its binary mode', async () => {
  const told = stories('cloudevents-binary')
  const emit = emitterFor(httpTransport(`${server.url}/v1/events?k=${server.writeKey}`), { mode: 'binary' })
  for (const event of wrapped(told)) assert.match((await emit(event)).body, /"accepted":1/)
  await assertPlays(server, told, { seekMs })
})

test('a batch of cloudevents tells a play, twice the same', async () => {
  const told = stories('cloudevents-batch')
  const body = `[${wrapped(told).map(event => HTTP.structured(event).body).join(',')}]`
  for (const _ of [1, 2]) {
    const answer = await fetch(`${server.url}/v1/events`, {
      method: 'POST', body, headers: { 'content-type': 'application/cloudevents-batch+json; charset=UTF-8', authorization: `Bearer ${server.writeKey}` },
    })
    assert.equal(answer.status, 200)
    assert.equal((await answer.json()).accepted, 16)
  }
  await assertPlays(server, told, { seekMs })
})
