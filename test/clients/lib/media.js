// Small HLS and DASH streams and a plain MP4, made by ffmpeg at the first use
// and kept below .cache/clients.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const cache = fileURLToPath(new URL('../../../.cache/clients/', import.meta.url))
const run = promisify(execFile)

// mediaSeconds long are the streams, in segments of segmentSeconds.
export const mediaSeconds = 40
export const segmentSeconds = 2
// Part of the folder's name: another number makes the streams anew.
const edition = 1

// media returns a folder with hls/main.m3u8 (one rendition, MPEG-TS),
// dash/main.mpd (video and audio as fragmented MP4) and clip.mp4.
export async function media() {
  const folder = join(cache, `media-${edition}`)
  if (existsSync(folder)) return folder
  const work = join(cache, `work-${process.pid}`)
  await mkdir(join(work, 'hls'), { recursive: true })
  await mkdir(join(work, 'dash'), { recursive: true })
  try {
    await make(work)
    await rename(work, folder)
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    if (!existsSync(folder)) throw error // else another test was faster
  }
  return folder
}

async function make(work) {
  const ffmpeg = (...args) => run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], { cwd: work })
  await ffmpeg(
    '-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${mediaSeconds}`, '-f', 'lavfi', '-i', `sine=frequency=440:duration=${mediaSeconds}`,
    '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-b:v', '400k', '-maxrate', '400k', '-bufsize', '800k',
    '-g', String(25 * segmentSeconds), '-keyint_min', String(25 * segmentSeconds), '-sc_threshold', '0',
    '-c:a', 'aac', '-b:a', '64k', '-shortest', '-movflags', '+faststart', 'clip.mp4')
  await ffmpeg(
    '-i', 'clip.mp4', '-c', 'copy', '-f', 'hls', '-hls_time', String(segmentSeconds), '-hls_playlist_type', 'vod',
    '-hls_segment_filename', 'hls/low%02d.ts', '-master_pl_name', 'main.m3u8', 'hls/low.m3u8')
  await ffmpeg(
    '-i', 'clip.mp4', '-c', 'copy', '-f', 'dash', '-seg_duration', String(segmentSeconds), '-use_template', '1', '-use_timeline', '0',
    '-adaptation_sets', 'id=0,streams=v id=1,streams=a', '-init_seg_name', 'init$RepresentationID$.m4s',
    '-media_seg_name', 'seg$RepresentationID$-$Number%02d$.m4s', 'dash/main.mpd')
}
