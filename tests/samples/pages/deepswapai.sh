curl -X GET "https://api.deepswapai.com/v1/status/vjob_xyz789abc" \
  -H "Authorization: Bearer YOUR_API_KEY"
