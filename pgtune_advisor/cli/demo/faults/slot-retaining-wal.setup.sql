-- planted: the replication slot of a standby that was switched off, without a limit on its WAL.
-- subject: old_standby
SELECT pg_create_physical_replication_slot('old_standby', true);
