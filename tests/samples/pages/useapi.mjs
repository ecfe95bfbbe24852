const token = "API token";
const jobid = "jobid returned by faceswap/changebg, faceswap/headshot or faceswap/picsi";      
const apiUrl = `https://api.useapi.net/v1/faceswap/jobs/?jobid=${jobid}`; 
const response = await fetch(apiUrl, {
  headers: {
    "Authorization": `Bearer ${token}`,
  },
});
const result = await response.json();
console.log("response", {response, result});
