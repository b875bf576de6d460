-- calls: 60
SELECT id, tenant_id, role FROM users WHERE lower(email) = lower('Peter.26465CF@mail.test') AND deleted_at IS NULL;
