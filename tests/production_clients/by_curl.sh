# A client by curl.
set -eu
api=https://api.deepswapai.com/v1
swap='{"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/clip.mp4?duration=2"}'
call() { curl --fail --silent --show-error --max-time 30 -H "Authorization: Bearer $key" "$@"; }
told() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }

key=$1
job=$(call -H 'Content-Type: application/json' -d "$swap" "$api/video-swap" | told job_id)
for look in 1 2 3 4 5 6 7 8 9 10; do
  said=$(call "$api/status/$job")
  status=$(printf %s "$said" | told status)
  [ "$status" = completed ] && break
done
url=$(printf %s "$said" | told output_url)
echo "$status $url $(call "$url" | wc -c | tr -d ' ')"
