/** The figures of quality that this page leads with, in its order. */
export const QOE = [
  'rebuffering_ratio',
  'startup_time',
  'video_start_failure_rate',
  'video_playback_failure_rate',
  'exits_before_video_start',
  'stalls_per_hour',
] as const;

/** What quality is broken down by, most telling first; only those that the server has. */
export const CAUSES = ['cdn', 'isp', 'device_type', 'app_version', 'os', 'player', 'country', 'title'] as const;
