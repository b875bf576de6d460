-- calls: 200
SELECT t.id, t.user_id, u.tenant_id, t.scopes FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = md5('token88671') || md5('hash88671') AND t.revoked_at IS NULL AND t.expires_at > '2026-01-01';
