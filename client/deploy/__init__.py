"""Deploys a stage to AWS and brings its warehouse up to date, as one step with its progress."""
