CREATE TABLE IF NOT EXISTS organizations (
    id         serial PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS users (
    id              serial PRIMARY KEY,
    organization_id integer NOT NULL REFERENCES organizations (id),
    email           text NOT NULL UNIQUE,
    full_name       text NOT NULL,
    password_hash   text NOT NULL,
    is_admin        boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS billing_accounts (
    id                           serial PRIMARY KEY,
    organization_id              integer NOT NULL UNIQUE REFERENCES organizations (id),
    status                       text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    free_requests_limit          integer NOT NULL DEFAULT 1000,
    free_requests_used           integer NOT NULL DEFAULT 0,
    requests_used_current_period integer NOT NULL DEFAULT 0,
    updated_at                   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS usage_records (
    id               bigserial PRIMARY KEY,
    user_id          integer REFERENCES users (id),
    endpoint         text NOT NULL,
    method           text NOT NULL,
    status_code      integer NOT NULL,
    response_time_ms integer NOT NULL,
    total_tokens     integer NOT NULL DEFAULT 0,
    cost             numeric(12, 6) NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS usage_records_created_at ON usage_records (created_at);
