curl --location --request GET 'https://video.a2e.ai/api/v1/userFaceSwapPreview/status?_id=6674f0380f25167e88672b7c'
