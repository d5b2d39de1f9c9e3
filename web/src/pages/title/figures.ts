/** Figures at the head of a title's page, and of its quality. */
export const FIGURES = ['plays', 'viewers', 'media_hours', 'play_completion_rate', 'watch_hours'];
export const QUALITY = ['rebuffering_ratio', 'startup_time', 'video_start_failure_rate', 'exits_before_video_start', 'video_playback_failure_rate'];
