-- calls: 4
SELECT id, title, status FROM tasks WHERE tags && ARRAY['release-42', 'release-43'];
