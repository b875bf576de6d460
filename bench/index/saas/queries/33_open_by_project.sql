-- calls: 6
SELECT p.id, p.name, count(*) FROM projects p JOIN tasks t ON t.project_id = p.id WHERE p.tenant_id = 15 AND t.status = 'open' AND t.deleted_at IS NULL GROUP BY p.id, p.name ORDER BY 3 DESC LIMIT 10;
