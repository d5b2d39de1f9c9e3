// dash.js 5.2.1 in Chromium.
import { playerTests } from './lib/scenarios.js'

playerTests('dashjs', ['dash/main.mpd'])
