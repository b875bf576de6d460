-- The shop's tables, as a sound team would have made them.
CREATE TABLE categories (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE products (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id integer NOT NULL REFERENCES categories,
    name text NOT NULL,
    description text NOT NULL,
    price numeric(10, 2) NOT NULL,
    tags text[] NOT NULL
);

CREATE TABLE inventory (
    product_id integer PRIMARY KEY REFERENCES products,
    quantity integer NOT NULL,
    counted_at timestamptz NOT NULL
);

CREATE TABLE users (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL,
    full_name text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    status text NOT NULL,
    total numeric(10, 2) NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE order_items (
    order_id bigint NOT NULL REFERENCES orders,
    line integer NOT NULL,
    product_id integer NOT NULL REFERENCES products,
    quantity integer NOT NULL,
    price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE payments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders,
    reference bigint NOT NULL UNIQUE,
    amount numeric(10, 2) NOT NULL
);

CREATE TABLE carts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE cart_items (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cart_id bigint NOT NULL REFERENCES carts ON DELETE CASCADE,
    product_id integer NOT NULL,
    quantity integer NOT NULL
);

CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE events_2026_07 PARTITION OF events FOR VALUES FROM ('2026-07-01Z') TO ('2026-08-01Z');
CREATE TABLE events_2026_08 PARTITION OF events FOR VALUES FROM ('2026-08-01Z') TO ('2026-09-01Z');
CREATE TABLE events_2026_09 PARTITION OF events FOR VALUES FROM ('2026-09-01Z') TO ('2026-10-01Z');

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor integer NOT NULL,
    action text NOT NULL
);

CREATE TABLE notifications (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL,
    body text NOT NULL
);

CREATE TABLE coupons (
    code text PRIMARY KEY,
    uses_left integer NOT NULL
);

CREATE TABLE reviews (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id integer NOT NULL,
    created_at timestamptz NOT NULL,
    stars smallint NOT NULL,
    body text NOT NULL
);

CREATE TABLE tickets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    question text NOT NULL
);

CREATE TABLE stock_moves (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    moved_at timestamptz NOT NULL,
    product_id integer NOT NULL,
    quantity integer NOT NULL,
    note text NOT NULL
);

CREATE TABLE supplier_feed (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    line text NOT NULL
);

-- Rows that wait to be checked and moved on: no key, and none is needed.
CREATE UNLOGGED TABLE import_staging (line text NOT NULL);
