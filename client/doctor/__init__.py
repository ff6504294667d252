"""`swipeline doctor` and the console's page "What is wrong now": the same findings, of any stage."""
