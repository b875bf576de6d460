-- calls: 150
SELECT count(*) FROM notifications WHERE user_id = 662 AND read_at IS NULL;
