"""Everything that touches the world: PostgreSQL, NATS, HTTP, the clock. Each module knows one vendor or duty."""
