"""`swipeline console`: a stage's CloudWatch on one page: dashboards, alarms, saved queries, traces."""
