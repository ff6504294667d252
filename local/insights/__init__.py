"""CloudWatch Logs Insights for the embedded AWS: the part of the language that saved queries use, nothing else."""
