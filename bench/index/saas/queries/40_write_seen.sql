-- calls: 100
UPDATE users SET last_seen_at = '2026-01-01 00:00+00' WHERE id = 4321;
