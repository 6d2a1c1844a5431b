"""The outside systems, one typed wrapper each. Only here, and where the demo looks on, are boto3 and httpx imported."""
