const pollStatus = async (jobId) => {
  while (true) {
    const response = await fetch(`http://localhost:8000/api/status/${jobId}`);
    const data = await response.json();

    console.log('Status:', data.status);

    if (data.status === 'completed') {
      console.log('✅ Clips ready:', data.result.clips);
      return data.result;
    }

    if (data.status === 'failed') {
      console.error('❌ Processing failed:', data.logs);
      throw new Error('Job failed');
    }

    // Update UI with logs
    data.logs.forEach(log => console.log(log));

    await new Promise(resolve => setTimeout(resolve, 3000));
  }
};

// Usage
try {
  const result = await pollStatus('550e8400-e29b-41d4-a716-446655440000');
  console.log('Processing complete!', result);
} catch (error) {
  console.error('Job failed:', error);
}
