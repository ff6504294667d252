"""The saved queries of Logs Insights, run from the command line."""
