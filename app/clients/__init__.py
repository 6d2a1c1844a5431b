"""The outside systems, one typed wrapper each. Only here are boto3 and httpx imported."""
