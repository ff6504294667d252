"""Rebuilds the warehouse from the lake: a plan of manifests in S3, part by part."""
