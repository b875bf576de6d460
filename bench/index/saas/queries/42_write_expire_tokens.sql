-- calls: 1
DELETE FROM api_tokens WHERE expires_at < '2024-06-01' AND revoked_at IS NOT NULL;
