"""SQL through the Data API, the merge's pace, and what is published for COPY and Glue."""
