-- calls: 60
SELECT p.id, p.key, p.name, m.role FROM memberships m JOIN projects p ON p.id = m.project_id WHERE m.user_id = 909 AND p.deleted_at IS NULL ORDER BY p.updated_at DESC;
