"""migrate-warehouse: what a deploy brings to the warehouse."""
