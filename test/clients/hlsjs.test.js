// hls.js 1.7.4 in Chromium.
import { playerTests } from './lib/scenarios.js'

playerTests('hlsjs', ['hls/main.m3u8'])
