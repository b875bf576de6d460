-- calls: 50
SELECT id, kind, payload, created_at FROM notifications WHERE user_id = 662 ORDER BY created_at DESC LIMIT 20;
