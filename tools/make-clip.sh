#!/usr/bin/env bash
# Makes the HLS clip of the demo player from ffmpeg's own sources: nothing is
# downloaded and nothing is anybody's film. Three renditions and one sound
# track, fMP4, 4 s segments as byte ranges of one file each.
#
#   tools/make-clip.sh            writes internal/demoplayer/clip/
#
# The committed files are what this script makes with ffmpeg 5.1 (Debian 12);
# another ffmpeg gives other bytes that play just as well.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/internal/demoplayer/clip
seconds=72
limit_kib=1500

command -v ffmpeg >/dev/null || { echo "make-clip: ffmpeg is missing (Debian: apt-get install ffmpeg)" >&2; exit 1; }

rm -rf "$out"
mkdir -p "$out"

# A slow night sky that costs few bits, a moving test pattern in its corner so
# that a frozen picture shows, and a clock so that a wrong position shows.
sky="gradients=size=848x480:rate=15:duration=$seconds:speed=0.0025:nb_colors=4:seed=7"
sky+=":c0=0x070b1a:c1=0x27306b:c2=0x7a2f5f:c3=0x0f4c5c"
pattern="testsrc2=size=160x90:rate=15:duration=$seconds"
sound="aevalsrc=exprs='0.05*(sin(2*PI*110*t)+0.7*sin(2*PI*164.81*t)+0.5*sin(2*PI*220*t))*(0.6+0.4*sin(2*PI*t/6))':s=32000:d=$seconds"
clock="drawtext=text='%{pts\\:hms}':fontcolor=white@0.92:fontsize=54:x=40:y=h-104"
title="drawtext=text='PLAYHEAD  test film':fontcolor=white@0.6:fontsize=20:x=42:y=h-134"
label() { echo "drawtext=text='$1':fontcolor=white@0.75:fontsize=$2:x=w-tw-$2:y=$2"; }

ffmpeg -hide_banner -loglevel error -y \
  -f lavfi -i "$sky" -f lavfi -i "$pattern" -f lavfi -i "$sound" \
  -filter_complex "
    [0:v][1:v]overlay=x=W-w-40:y=H-h-40,$title,$clock,format=yuv420p,split=3[a][b][c];
    [a]$(label 480p 22)[v480];
    [b]scale=640:360,$(label 360p 17)[v360];
    [c]scale=426:240,$(label 240p 12)[v240]" \
  -map '[v480]' -map '[v360]' -map '[v240]' -map 2:a \
  -c:v libx264 -preset veryslow -profile:v main -threads 1 -bf 2 \
  -g 60 -keyint_min 60 -sc_threshold 0 -fflags +bitexact -flags:v +bitexact \
  -b:v:0 62k -maxrate:v:0 90k -bufsize:v:0 180k \
  -b:v:1 36k -maxrate:v:1 54k -bufsize:v:1 108k \
  -b:v:2 20k -maxrate:v:2 30k -bufsize:v:2 60k \
  -c:a aac -b:a 24k -ac 1 -flags:a +bitexact \
  -f hls -hls_time 4 -hls_playlist_type vod -hls_segment_type fmp4 -hls_flags single_file \
  -master_pl_name master.m3u8 \
  -var_stream_map 'v:0,agroup:sound,name:480p v:1,agroup:sound,name:360p v:2,agroup:sound,name:240p a:0,agroup:sound,name:sound,default:yes' \
  "$out/%v.m3u8"

size_kib=$(du -sk --apparent-size "$out" | cut -f1)
ls -l "$out"
echo "make-clip: $size_kib KiB in $out (limit $limit_kib)"
[ "$size_kib" -lt "$limit_kib" ] || { echo "make-clip: too large" >&2; exit 1; }
