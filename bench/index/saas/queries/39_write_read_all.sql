-- calls: 20
UPDATE notifications SET read_at = '2026-01-01 00:00+00' WHERE user_id = 953 AND read_at IS NULL;
