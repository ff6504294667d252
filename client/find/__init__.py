"""`swipeline find`: from one transaction's id to its place, its reason and its log lines."""
