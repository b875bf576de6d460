-- calls: 2
SELECT id, user_id FROM notifications WHERE payload @> '{"task": 241148}';
