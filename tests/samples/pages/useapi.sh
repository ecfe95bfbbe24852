curl https://api.useapi.net/v1/faceswap/jobs/?jobid=\
   -H "Accept: application/json" \
   -H "Authorization: Bearer …" 
