-- calls: 18
SELECT at, actor_id, action FROM audit_log WHERE object_type = 'task' AND object_id = 22634 ORDER BY at DESC LIMIT 50;
