"""An application for many tenants: partitions, arrays, full text, soft deletes, writes."""
