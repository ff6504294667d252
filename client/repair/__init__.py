"""Repairs what `reconcile` finds: each store from those that agree, or from the lake, and the lake from the table."""
