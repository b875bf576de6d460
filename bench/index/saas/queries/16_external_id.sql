-- calls: 25
SELECT id, status FROM tasks WHERE custom->>'external_id' = 'EXT-32642';
