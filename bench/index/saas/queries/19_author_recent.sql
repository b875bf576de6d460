-- calls: 3
SELECT count(*), max(created_at) FROM comments WHERE author_id = 77 AND created_at >= '2025-12-01';
