-- An application for many tenants: projects, tasks, comments, notifications, an audit log by month.
-- Keys, the uniqueness that the application relies on, and two indexes that somebody once added.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE tenants (
  id int PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  plan text NOT NULL,
  region text NOT NULL,
  created_at timestamptz NOT NULL,
  settings jsonb NOT NULL
);
CREATE TABLE users (
  id int PRIMARY KEY,
  tenant_id int NOT NULL REFERENCES tenants,
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz,
  deleted_at timestamptz
);
CREATE TABLE api_tokens (
  id int PRIMARY KEY,
  user_id int NOT NULL REFERENCES users,
  token_hash text NOT NULL,
  scopes text[] NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE TABLE projects (
  id int PRIMARY KEY,
  tenant_id int NOT NULL REFERENCES tenants,
  owner_id int NOT NULL REFERENCES users,
  key text NOT NULL,
  name text NOT NULL,
  status text NOT NULL,
  running daterange NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz
);
CREATE TABLE memberships (
  project_id int NOT NULL REFERENCES projects,
  user_id int NOT NULL REFERENCES users,
  role text NOT NULL,
  PRIMARY KEY (project_id, user_id)
);
CREATE TABLE tasks (
  id bigint PRIMARY KEY,
  tenant_id int NOT NULL REFERENCES tenants,
  project_id int NOT NULL REFERENCES projects,
  number int NOT NULL,
  assignee_id int REFERENCES users,
  reporter_id int NOT NULL REFERENCES users,
  title text NOT NULL,
  body text NOT NULL,
  status text NOT NULL,
  priority smallint NOT NULL,
  tags text[] NOT NULL,
  due_on date,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  custom jsonb NOT NULL,
  search tsvector NOT NULL
);
CREATE INDEX tasks_project_id ON tasks (project_id);
CREATE TABLE comments (
  id bigint PRIMARY KEY,
  tenant_id int NOT NULL REFERENCES tenants,
  task_id bigint NOT NULL REFERENCES tasks,
  author_id int NOT NULL REFERENCES users,
  body text NOT NULL,
  created_at timestamptz NOT NULL,
  deleted_at timestamptz
);
CREATE INDEX comments_task_id ON comments (task_id);
CREATE TABLE notifications (
  id bigint PRIMARY KEY,
  user_id int NOT NULL REFERENCES users,
  kind text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  read_at timestamptz
);
CREATE TABLE absences (
  id int PRIMARY KEY,
  user_id int NOT NULL REFERENCES users,
  during tstzrange NOT NULL,
  reason text NOT NULL
);
CREATE TABLE invoices (
  id int PRIMARY KEY,
  tenant_id int NOT NULL REFERENCES tenants,
  period daterange NOT NULL,
  amount numeric(10,2) NOT NULL,
  status text NOT NULL,
  due_on date NOT NULL,
  paid_at timestamptz
);
CREATE TABLE audit_log (
  id bigint NOT NULL,
  at timestamptz NOT NULL,
  tenant_id int NOT NULL,
  actor_id int,
  action text NOT NULL,
  object_type text NOT NULL,
  object_id bigint NOT NULL,
  details jsonb NOT NULL,
  PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE audit_log_2025_07 PARTITION OF audit_log FOR VALUES FROM ('2025-07-01 00:00+00') TO ('2025-08-01 00:00+00');
CREATE TABLE audit_log_2025_08 PARTITION OF audit_log FOR VALUES FROM ('2025-08-01 00:00+00') TO ('2025-09-01 00:00+00');
CREATE TABLE audit_log_2025_09 PARTITION OF audit_log FOR VALUES FROM ('2025-09-01 00:00+00') TO ('2025-10-01 00:00+00');
CREATE TABLE audit_log_2025_10 PARTITION OF audit_log FOR VALUES FROM ('2025-10-01 00:00+00') TO ('2025-11-01 00:00+00');
CREATE TABLE audit_log_2025_11 PARTITION OF audit_log FOR VALUES FROM ('2025-11-01 00:00+00') TO ('2025-12-01 00:00+00');
CREATE TABLE audit_log_2025_12 PARTITION OF audit_log FOR VALUES FROM ('2025-12-01 00:00+00') TO ('2026-01-01 00:00+00');
