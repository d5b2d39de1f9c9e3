// A web server for pages, scripts of npm packages and media, whose media can be
// made slow, held back or missing while a player plays.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../node_modules/', import.meta.url))
const types = {
  '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.m3u8': 'application/vnd.apple.mpegurl', '.mpd': 'application/dash+xml',
  '.ts': 'video/mp2t', '.m4s': 'video/mp4', '.mp4': 'video/mp4', '.map': 'application/json',
}

// startMediaServer serves
//   /media/LANE/…       the media folder; LANE is any word, so that players running side by side are disturbed one by one
//   /npm/PACKAGE/…      files of installed packages
//   /PAGE               pages[PAGE], a text or a function of the URL
// and returns { url, requests, rule(lane, fn), stop() }. fn(path, number) is
// asked for each media request of the lane and answers undefined (serve it),
// { status } (refuse it), { holdUntil: promise } (answer later) or
// { delayMs }; number counts the lane's requests from 1.
export async function startMediaServer({ folder, pages = {} }) {
  const rules = new Map()
  const counts = new Map()
  const requests = []
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  const answer = async (request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', '*')
    if (request.method === 'OPTIONS') return response.writeHead(204).end()
    const url = new URL(request.url, 'http://localhost')
    const path = decodeURIComponent(url.pathname)
    if (path.startsWith('/npm/')) return send(request, response, inside(packages, path.slice(5)))
    const [, lane, file] = path.match(/^\/media\/([^/]+)\/(.+)$/) ?? []
    if (!lane) {
      const page = pages[path.slice(1)]
      if (page === undefined) return response.writeHead(path === '/favicon.ico' ? 204 : 404).end()
      return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(typeof page === 'function' ? page(url) : page)
    }
    const number = (counts.get(lane) ?? 0) + 1
    counts.set(lane, number)
    requests.push({ lane, path: file, number, at: Date.now() })
    const told = rules.get(lane)?.(file, number)
    if (told?.delayMs) await new Promise(done => setTimeout(done, told.delayMs))
    if (told?.holdUntil) await told.holdUntil
    if (told?.status) return response.writeHead(told.status).end()
    await send(request, response, inside(folder, file))
  }
  await new Promise((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    rule: (lane, fn) => { fn ? rules.set(lane, fn) : rules.delete(lane) },
    stop: () => new Promise(done => { server.close(done); server.closeAllConnections() }),
  }
}

function inside(folder, path) {
  const file = normalize(join(folder, path))
  return file.startsWith(dirname(join(folder, 'x'))) ? file : ''
}

// send answers with a file, or the range of it that was asked for.
async function send(request, response, file) {
  const info = file && await stat(file).catch(() => null)
  if (!info?.isFile()) return response.writeHead(404).end()
  const headers = { 'content-type': types[extname(file)] ?? 'application/octet-stream', 'cache-control': 'no-store', 'accept-ranges': 'bytes' }
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  if (!range) {
    response.writeHead(200, { ...headers, 'content-length': info.size })
    return createReadStream(file).pipe(response)
  }
  const from = Number(range[1]), to = Math.min(range[2] ? Number(range[2]) : info.size - 1, info.size - 1)
  if (from > to) return response.writeHead(416, { 'content-range': `bytes */${info.size}` }).end()
  response.writeHead(206, { ...headers, 'content-length': to - from + 1, 'content-range': `bytes ${from}-${to}/${info.size}` })
  createReadStream(file, { start: from, end: to }).pipe(response)
}
